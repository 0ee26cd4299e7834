import { createHash } from "node:crypto";
import { GROUPS_MAX, type KeptService } from "./kept.ts";
import { isSoundService } from "./sound.ts";

/** Characters of a group on average, far below the 1 MiB that an object may have, so that one change writes little. */
const GROUP_CHARACTERS = 96 * 1024;

/** How many groups: a power of two that never gets smaller, for else old groups would have to be deleted. */
export function groupCount(services: ReadonlyMap<string, KeptService>, before: number): number {
  let characters = 0;
  for (const kept of services.values()) characters += JSON.stringify(kept).length;
  let count = Math.max(1, before);
  while (count < GROUPS_MAX && characters / count > GROUP_CHARACTERS) count *= 2;
  return count;
}

/** How many groups there are by the names of objects, `name` by index: where it is not known how many there should be. */
export function groupsNamed(objects: ReadonlyMap<string, unknown>, name: (index: number) => string): number {
  const highest = Array.from({ length: GROUPS_MAX }, (_, index) => index).findLast((index) => objects.has(name(index)));
  let count = highest === undefined ? 0 : 1;
  while (highest !== undefined && count <= highest) count *= 2;
  return count;
}

/** The group of a service: by hash, so that it stays where it is when others come and go. */
export function groupOfService(service: string, count: number): number {
  return createHash("sha256").update(service).digest().readUInt32BE(0) % count;
}

/** The texts of groups, by index; of all, or of those that are asked for. Equal services, equal texts. */
export function groupTexts(
  services: ReadonlyMap<string, KeptService>,
  count: number,
  wanted?: ReadonlySet<number>,
): ReadonlyMap<number, string> {
  const groups = new Map<number, [string, KeptService][]>();
  for (let index = 0; index < count; index += 1) if (wanted?.has(index) ?? true) groups.set(index, []);
  for (const [service, kept] of services) groups.get(groupOfService(service, count))?.push([service, kept]);
  const text = (group: [string, KeptService][]): string => {
    const sorted = group.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify({ version: 1, groups: count, services: Object.fromEntries(sorted) });
  };
  return new Map([...groups].map(([index, group]) => [index, text(group)]));
}

/** What groups hold. */
export interface GroupsRead {
  readonly services: ReadonlyMap<string, KeptService>;
  /** Some of what they hold cannot be understood: a service without a record may have had one. */
  readonly damaged: boolean;
}

/**
 * Services of all groups. One that stands in two groups, because the number of groups grew and a process died over it, is
 * taken from where it was written last.
 */
export function servicesOf(texts: readonly string[]): GroupsRead {
  const services = new Map<string, KeptService>();
  let damaged = false;
  for (const text of texts) {
    const entries = entriesOf(text);
    if (entries === undefined) damaged = true;
    for (const [service, kept] of entries ?? []) {
      const other = services.get(service);
      if (!isSoundService(kept)) damaged = true;
      else if (other === undefined || other.pass <= kept.pass) services.set(service, kept);
    }
  }
  return { services, damaged };
}

function entriesOf(text: string): readonly (readonly [string, unknown])[] | undefined {
  try {
    const group: unknown = JSON.parse(text);
    if (typeof group !== "object" || group === null || !("version" in group) || group.version !== 1) return undefined;
    const services: unknown = "services" in group ? group.services : undefined;
    return typeof services === "object" && services !== null ? Object.entries(services) : undefined;
  } catch {
    return undefined;
  }
}
