import {
  type BrokenService,
  child,
  DEFAULT_SETTINGS,
  durationMs,
  type Failure,
  type FailureCode,
  isObject,
  type Json,
  type JsonObject,
  nearest,
  type Place,
  type Service,
  type ServiceSettings,
  stringMap,
  text,
} from "../model/index.ts";
import type { Layer, SettingsChange } from "../policy/index.ts";
import { type Fail, type Field, fieldName, readBoolean, readString } from "./fields.ts";
import { readHealthChecks } from "./health-checks.ts";
import { BETA_FIELDS, OVERLAY_FIELDS, readOverlay, sourcesOf } from "./overlay.ts";
import { resolvePath } from "./paths.ts";

/** The group that makes a document a Flux Kustomization; not kustomize's own `kustomize.config.k8s.io`. */
export const FLUX_GROUP = "kustomize.toolkit.fluxcd.io";
const VERSIONS: readonly string[] = ["v1", "v1beta2", "v1beta1"];

/** The shortest interval that is kept; anything shorter only burns API calls. */
const INTERVAL_MS_MIN = 1000;
const TIMEOUT_SLACK_MS = 30_000;

/** Fields that are read, and those that change nothing about what is applied here. */
export const READ_FIELDS: ReadonlySet<string> = new Set([
  "path",
  "prune",
  "suspend",
  "targetNamespace",
  "dependsOn",
  "interval",
  "timeout",
  "sourceRef",
  "retryInterval",
  "force",
  "deletionPolicy",
  "validation",
  "wait",
  "healthChecks",
  ...OVERLAY_FIELDS,
]);

/** The other fields of the API that would change the result. Source: kustomize.toolkit.fluxcd.io/v1, KustomizationSpec. */
const FIELDS_OF_FLUX: ReadonlySet<string> = new Set([
  "decryption",
  "healthCheckExprs",
  "kubeConfig",
  "postBuild",
  "serviceAccountName",
]);

/** Values of other fields that say the same as leaving the field out. */
function saysNothing(value: Json): boolean {
  if (value === null || value === false || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Which field says which setting. */
const SAYS: { readonly [Setting in keyof SettingsChange]?: string } = {
  prune: "prune",
  suspend: "suspend",
  dependsOn: "dependsOn",
  intervalMs: "interval",
  timeoutMs: "timeout",
  retryMs: "retryInterval",
  recreate: "force",
  deletionPolicy: "deletionPolicy",
  wait: "wait",
  healthChecks: "healthChecks",
};

export function isFluxKustomization(document: JsonObject): boolean {
  return (text(document, "apiVersion") ?? "").startsWith(`${FLUX_GROUP}/`) && document["kind"] === "Kustomization";
}

/** A service with what its definition says of it, for settings of elsewhere to go below and above. */
export interface Defined extends Service {
  readonly said?: Layer;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Broken extends BrokenService {
  /** The file itself could not be read, so it may define services that are not known. */
  readonly unreadable: boolean;
  /** It has no name of its own, so that it has that of its file. */
  readonly nameless?: boolean;
}

/** What the Flux Kustomizations of a file define. */
export interface FileDefines {
  /** The file that the places in it are of. */
  readonly file: string;
  /** Services, and failures of others. */
  readonly count: number;
  readonly services: readonly Defined[];
  readonly broken: readonly Broken[];
}

export type FluxReading =
  | { readonly ok: true; readonly service: Defined }
  | {
      readonly ok: false;
      /** Undefined when it has no name. */
      readonly id: string | undefined;
      readonly failures: readonly FieldFailure[];
      readonly sources: readonly string[];
    };

/** What is wrong with a field, at the place of its document. */
export interface FieldFailure extends Failure {
  readonly field: Field;
}

/**
 * A Flux Kustomization document as a service. Fields that would change the result and are not honoured yet make this one
 * service fail, never be applied without them. Source: kustomize.toolkit.fluxcd.io/v1, defaults as in its API reference.
 */
export function readFlux(document: JsonObject, at: Place): FluxReading {
  const metadata = isObject(document["metadata"]) ? document["metadata"] : {};
  const name = text(metadata, "name") ?? "";
  const namespace = text(metadata, "namespace") ?? "";
  const id = name === "" ? undefined : namespace === "" ? name : `${namespace}/${name}`;
  const failures: FieldFailure[] = [];
  const fail = (code: FailureCode, field: Field, says: string, remedy: string): void => {
    failures.push({ code, message: `${fieldName(field)} ${says}`, remedy, at, field });
  };

  const version = (text(document, "apiVersion") ?? "").slice(FLUX_GROUP.length + 1);
  if (!VERSIONS.includes(version)) {
    fail("service/invalid-document", ["apiVersion"], `${FLUX_GROUP}/${version} is not known`, `use ${FLUX_GROUP}/v1`);
  }
  if (name === "")
    fail("service/invalid-document", ["metadata", "name"], "is missing or no string", "name it, in quotes if need be");
  const spec = document["spec"];
  if (!isObject(spec)) {
    fail("service/invalid-document", ["spec"], "is missing", "add spec with interval, path, prune and sourceRef");
    return { ok: false, id, failures, sources: [] };
  }
  for (const [field, value] of Object.entries(spec)) {
    if (saysNothing(value)) continue;
    if (version === "v1" && BETA_FIELDS.includes(field)) {
      fail("service/unsupported-field", ["spec", field], `is no field of ${FLUX_GROUP}/v1`, "write it as spec.patches");
    } else if (!READ_FIELDS.has(field)) {
      const meant = FIELDS_OF_FLUX.has(field) ? undefined : nearest(field, [...READ_FIELDS]);
      if (meant !== undefined)
        fail("service/invalid-field", ["spec", field], "is no field of a Flux Kustomization", `did you mean ${meant}?`);
      else
        fail(
          "service/unsupported-field",
          ["spec", field],
          "would change the result and is not supported yet",
          `move what it does into the folder's kustomization.yaml, or remove spec.${field}`,
        );
    }
  }

  const folder = readFolder(spec, fail);
  const intervalMs = readDuration(spec, "interval", fail) ?? 10 * 60_000;
  const timeoutMs = readDuration(spec, "timeout", fail) ?? usualTimeoutMs(intervalMs);
  const retryMs = readDuration(spec, "retryInterval", fail);
  readSource(spec, fail);
  const targetNamespace = readString(spec, "targetNamespace", fail) ?? "";
  if (targetNamespace !== "" && !/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(targetNamespace)) {
    const remedy = "use lower-case letters, digits and -";
    fail("service/invalid-field", ["spec", "targetNamespace"], "is no namespace name", remedy);
  }
  const overlay = readOverlay(spec, at, fail);
  const settings: ServiceSettings = {
    ...DEFAULT_SETTINGS,
    prune: readBoolean(spec, "prune", fail) ?? false,
    suspend: readBoolean(spec, "suspend", fail) ?? false,
    targetNamespace,
    dependsOn: readDependencies(spec, namespace, fail),
    intervalMs: Math.max(intervalMs, INTERVAL_MS_MIN),
    timeoutMs: Math.max(timeoutMs, INTERVAL_MS_MIN),
    ...(retryMs === undefined ? {} : { retryMs: Math.max(retryMs, INTERVAL_MS_MIN) }),
    recreate: readBoolean(spec, "force", fail) ?? false,
    deletionPolicy: readDeletionPolicy(spec, fail),
    wait: readBoolean(spec, "wait", fail) ?? false,
    healthChecks: readHealthChecks(spec, namespace, fail),
    tenant: namespace,
    ...(overlay === undefined ? {} : { overlay }),
  };
  if (failures.length > 0 || folder === undefined || id === undefined) {
    return { ok: false, id, failures, sources: folder === undefined ? [] : sourcesOf({ folder, settings }) };
  }
  const labels = stringMap(child(metadata, "labels"));
  const said = saidBy(spec, settings, at);
  const why = "a Flux Kustomization names its folder";
  return { ok: true, service: { id, origin: "flux", folder, at, why, settings, said, labels } };
}

/** `GetTimeout` of the Kustomization API: the interval less 30 s, and never less than 30 s. */
export function usualTimeoutMs(intervalMs: number): number {
  return Math.max(intervalMs - TIMEOUT_SLACK_MS, TIMEOUT_SLACK_MS);
}

function saidBy(spec: JsonObject, settings: ServiceSettings, at: Place): Layer {
  const written = Object.entries(SAYS).filter(([, field]) => (spec[field] ?? null) !== null);
  const said = written.filter(([, field]) => !(field === "deletionPolicy" && isMirrored(spec)));
  const says: SettingsChange = Object.fromEntries(
    said.map(([setting]) => [setting, settings[setting as keyof ServiceSettings]]),
  );
  return { says, from: Object.fromEntries(said.map(([setting]) => [setting, at])) };
}

/** What becomes of the objects follows `prune`, which is settled when all settings are known. */
function isMirrored(spec: JsonObject): boolean {
  return (spec["deletionPolicy"] || "MirrorPrune") === "MirrorPrune";
}

/** Source: DeletionPolicy of the Kustomization API. Waiting for the end of what is deleted is no concern of ours. */
function readDeletionPolicy(spec: JsonObject, fail: Fail): ServiceSettings["deletionPolicy"] {
  const policy = readString(spec, "deletionPolicy", fail) || "MirrorPrune";
  if (!["MirrorPrune", "Delete", "WaitForTermination", "Orphan"].includes(policy)) {
    const says = `${JSON.stringify(policy)} is not known`;
    fail(
      "service/invalid-field",
      ["spec", "deletionPolicy"],
      says,
      "write MirrorPrune, Delete, WaitForTermination or Orphan",
    );
  }
  const kept = policy === "Orphan" || (policy === "MirrorPrune" && spec["prune"] !== true);
  return kept ? "orphan" : "prune";
}

function readFolder(spec: JsonObject, fail: Fail): string | undefined {
  const path = readString(spec, "path", fail) ?? "";
  const folder = resolvePath("", path.replace(/^\/+/, ""));
  if (folder === undefined) {
    fail(
      "service/path-outside-repository",
      ["spec", "path"],
      `${JSON.stringify(path)} leaves the repository`,
      "name a folder inside the repository, relative to its root",
    );
  }
  return folder;
}

function readSource(spec: JsonObject, fail: Fail): void {
  const source = spec["sourceRef"];
  if (source === undefined) return;
  const kind = isObject(source) ? text(source, "kind") : undefined;
  if (kind === "GitRepository") return;
  fail(
    "service/unsupported-source",
    ["spec", "sourceRef", "kind"],
    `is ${JSON.stringify(kind ?? null)}, only GitRepository (this repository) can be read`,
    "point sourceRef at the GitRepository of this repository",
  );
}

function readDependencies(spec: JsonObject, namespace: string, fail: Fail): readonly string[] {
  const list = spec["dependsOn"] ?? [];
  if (!Array.isArray(list)) {
    fail("service/invalid-field", ["spec", "dependsOn"], "is no list", "write it as a list of {name, namespace}");
    return [];
  }
  return list.flatMap((entry: Json, index) => {
    const name = isObject(entry) ? text(entry, "name") : undefined;
    if (!isObject(entry) || name === undefined) {
      fail(
        "service/invalid-field",
        ["spec", "dependsOn", index],
        "has no name",
        "name the Kustomization it depends on",
      );
      return [];
    }
    if (entry["readyExpr"] !== undefined) {
      const field = ["spec", "dependsOn", index, "readyExpr"];
      fail("service/unsupported-field", field, "is not supported yet", `remove ${fieldName(field)}`);
    }
    const home = text(entry, "namespace") ?? namespace;
    return [home === "" ? name : `${home}/${name}`];
  });
}

function readDuration(spec: JsonObject, field: string, fail: Fail): number | undefined {
  const value = readString(spec, field, fail);
  const duration = value === undefined ? undefined : durationMs(value);
  if (value !== undefined && duration === undefined) {
    fail(
      "service/invalid-field",
      ["spec", field],
      `${JSON.stringify(value)} is no duration`,
      "write it like 10m or 1h30m",
    );
  }
  return duration;
}
