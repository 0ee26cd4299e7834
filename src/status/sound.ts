import type { HealthSummary, ServiceState } from "../model/index.ts";
import { GROUPS_MAX, type KeptService, type PassHead } from "./kept.ts";

/**
 * Whether what was read is what this version writes. Anybody may edit what is kept, and a newer version may have written it: what
 * is not sound is unknown, and whoever works with what is need not look again.
 */
export function isSoundService(value: unknown): value is KeptService {
  if (!isRecord(value)) return false;
  const { state, applied, health, retry, departed } = value;
  return (
    typeof state === "string" &&
    Object.hasOwn(STATES, state) &&
    isCount(value["pass"]) &&
    typeof value["objects"] === "number" &&
    hasTexts(value, "at", "revision") &&
    isRecord(value["since"]) &&
    isListOf(value["failures"], isFailure) &&
    isListOf(value["warnings"], isFailure) &&
    isListOf(value["history"], (one) => hasTexts(one, "at", "revision", "result", "what")) &&
    (applied === undefined || hasTexts(applied, "revision", "at")) &&
    (health === undefined || isHealth(health)) &&
    (retry === undefined || hasTexts(retry, "nextAt")) &&
    (departed === undefined || isListOf(departed, (one) => typeof one === "string"))
  );
}

export function isSoundHead(value: unknown): value is PassHead {
  if (!isRecord(value)) return false;
  const { number, groups } = value;
  return (
    isCount(number) &&
    isCount(groups) &&
    groups >= 1 &&
    groups <= GROUPS_MAX &&
    Number.isInteger(Math.log2(groups)) &&
    hasTexts(value, "revision", "at") &&
    isListOf(value["failures"], isFailure)
  );
}

/** Every state, so that one that a newer version made up is not taken for one of ours. */
const STATES: Readonly<Record<ServiceState, true>> = {
  synced: true,
  unchanged: true,
  planned: true,
  drifted: true,
  held: true,
  failed: true,
  backoff: true,
  blocked: true,
  suspended: true,
  progressing: true,
  pending: true,
  interrupted: true,
};

const HEALTH: Readonly<Record<HealthSummary["state"], true>> = { healthy: true, progressing: true, failed: true };

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function hasTexts(value: unknown, ...fields: readonly string[]): boolean {
  return isRecord(value) && fields.every((field) => typeof value[field] === "string");
}

function isListOf(value: unknown, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isFailure(value: unknown): boolean {
  return hasTexts(value, "code", "message", "remedy", "since");
}

function isHealth(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["state"] === "string" &&
    Object.hasOwn(HEALTH, value["state"]) &&
    isListOf(value["objects"], (one) => hasTexts(one, "object", "why"))
  );
}
