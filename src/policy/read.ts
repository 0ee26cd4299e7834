import { kustomizationNames, type PlacedDocument, readPlacedDocuments } from "../kustomize/index.ts";
import {
  type DeleteLimit,
  type Failure,
  type FailureCode,
  failed,
  isObject,
  type Json,
  ok,
  type Place,
  type Result,
} from "../model/index.ts";
import { type Layer, layerOf, limitOf } from "./layer.ts";
import { newMatch } from "./match.ts";
import { type Problem, problemsOf } from "./problems.ts";
import { SERVICE_FIELDS, type SettingsFile, serviceFile, settingsFile } from "./schema.ts";

/** The name of every settings file; the kustomize room does not take one for a manifest. */
export const SETTINGS_FILE = "gitops.yaml";
/** The other usual ending of YAML files: not read, and told of. */
export const MISNAMED_SETTINGS = "gitops.yml";

/** Settings of a whole revision. */
export interface Policy {
  /** The file; absent when there is none. */
  readonly file?: string;
  /** For every service, below what its definition says. */
  readonly defaults: Layer;
  /** For some services, above what their definitions say, the last one wins. */
  readonly entries: readonly PolicyEntry[];
  /** Limits of deletes; what is not there is as usual. */
  readonly breaker: PolicyBreaker;
  /** Kinds as `group/Kind` whose deletes wait for a confirmation, and where that is said; of the core group `/Kind`. */
  readonly protect: ReadonlyMap<string, Place>;
  /** What becomes of deletes when history was rewritten. */
  readonly rewrites: "hold" | "allow";
  readonly tenantFrom: TenantFrom;
}

export type TenantFrom = { readonly kind: "namespace" } | { readonly kind: "label"; readonly key: string };

export interface PolicyBreaker {
  readonly service?: Partial<DeleteLimit>;
  readonly run?: Partial<DeleteLimit>;
  readonly gone?: Partial<DeleteLimit>;
}

/** Settings of the services that it matches. With any failure, these services fail. */
export interface PolicyEntry {
  readonly globs: readonly string[];
  readonly at: Place;
  readonly failures: readonly Failure[];
  readonly layer: Layer;
  matches(id: string): boolean;
}

const NOTHING: Layer = { says: {}, from: {} };

export const NO_POLICY: Policy = {
  defaults: NOTHING,
  entries: [],
  breaker: {},
  protect: new Map(),
  rewrites: "hold",
  tenantFrom: { kind: "namespace" },
};

/**
 * What a settings file at the root of the repository or of `--path` says. It fails as a whole when anything is wrong but
 * what an entry of `services` with a sound `match` holds: that is for the services that it matches.
 */
export function readPolicy(text: string, file: string): Result<Policy> {
  const code = "usage/invalid-settings";
  const read = readOne(text, file, code);
  if (!read.ok) return read;
  const document = read.value;
  if (document === undefined) return ok({ ...NO_POLICY, file });
  const { problems } = problemsOf(settingsFile, document, code);
  const ofEntry = new Map<number, Failure[]>();
  const whole: Failure[] = [];
  for (const problem of problems) {
    const index = entryOf(problem, problems);
    if (index === undefined) whole.push(problem.failure);
    else ofEntry.set(index, [...(ofEntry.get(index) ?? []), { ...problem.failure, code: "service/invalid-settings" }]);
  }
  if (whole.length > 0) return failed(...whole);
  return ok(policyOf(document, file, ofEntry));
}

/** The entry of `services` that alone has a problem, whose match is sound. */
function entryOf({ path }: Problem, all: readonly Problem[]): number | undefined {
  const [top, index] = path;
  if (top !== "services" || typeof index !== "number" || path.length < 3) return undefined;
  const same = all.filter((other) => other.path[0] === "services" && other.path[1] === index);
  return same.some((other) => other.path.length < 3 || other.path[2] === "match") ? undefined : index;
}

function policyOf(document: PlacedDocument, file: string, broken: ReadonlyMap<number, readonly Failure[]>): Policy {
  // Only entries that are not looked into can be other than the type says.
  const { defaults, services, breaker, protect, rewrites, tenantFrom } = document.value as unknown as SettingsFile;
  const entries = (services ?? []).map(({ match, ...fields }, index): PolicyEntry => {
    const globs = typeof match === "string" ? [match] : match;
    const failures = broken.get(index) ?? [];
    const at = document.placeOf(["services", index], "value");
    const layer =
      failures.length > 0 ? NOTHING : layerOf(fields, (field) => document.placeOf(["services", index, field], "key"));
    return { globs, at, failures, layer, matches: newMatch(globs) };
  });
  const { service, run, gone } = breaker ?? {};
  return {
    file,
    defaults: layerOf(defaults ?? {}, (field) => document.placeOf(["defaults", field], "key")),
    entries,
    breaker: {
      ...(service === undefined ? {} : { service: limitOf(service) }),
      ...(run === undefined ? {} : { run: limitOf(run) }),
      ...(gone === undefined ? {} : { gone: limitOf(gone) }),
    },
    protect: new Map(
      (protect ?? []).map((kind, index) => [
        kind.includes("/") ? kind : `/${kind}`,
        document.placeOf(["protect", index], "value"),
      ]),
    ),
    rewrites: rewrites ?? "hold",
    tenantFrom: tenantFrom?.startsWith("label:")
      ? { kind: "label", key: tenantFrom.slice("label:".length) }
      : { kind: "namespace" },
  };
}

/**
 * Whether settings of the revision keep what a service has as it is, though its own definition is not known: it is suspended, or
 * what they say of it cannot be read.
 */
export function leavesAlone({ defaults, entries }: Policy, id: string): boolean {
  const matching = entries.filter((entry) => entry.matches(id));
  if (matching.some(({ failures }) => failures.length > 0)) return true;
  return (
    matching.findLast(({ layer }) => layer.says.suspend !== undefined)?.layer.says.suspend ??
    defaults.says.suspend ??
    false
  );
}

/** Whether entries keep what a service leaves behind when it leaves git, and with it what else was said of it. */
export function orphans({ entries }: Policy, id: string): boolean {
  const says = entries.filter((entry) => entry.matches(id)).map(({ layer }) => layer.says);
  const policy = says.findLast(({ deletionPolicy }) => deletionPolicy !== undefined)?.deletionPolicy;
  if (policy !== undefined) return policy === "orphan";
  return says.findLast(({ prune }) => prune !== undefined)?.prune === false;
}

/** What a settings file in the folder of a service says. */
export function readServiceSettings(text: string, file: string): Result<Layer> {
  const code = "service/invalid-settings";
  const read = readOne(text, file, code);
  if (!read.ok) return read;
  const document = read.value;
  if (document === undefined) return ok(NOTHING);
  const { problems, value } = problemsOf(serviceFile, document, code);
  if (value === undefined) return failed(...problems.map(({ failure }) => failure));
  const { apiVersion: _version, kind: _kind, ...fields } = value;
  return ok(layerOf(fields, (field) => document.placeOf([field], "key")));
}

/**
 * Whether a file where the settings of a revision may be holds those of the folder's own service: it says so by its kind, or
 * it has such fields only and the folder has a kustomization.
 */
export function isOfService(text: string, file: string, siblings: readonly string[]): boolean {
  const documents = readPlacedDocuments(text, file);
  const value: Json = (documents.ok ? documents.value[0]?.value : undefined) ?? null;
  if (!isObject(value)) return false;
  if (value["kind"] !== undefined) return value["kind"] === "ServiceSettings";
  const fields = Object.keys(value).filter((field) => field !== "apiVersion");
  const isService = fields.length > 0 && fields.every((field) => SERVICE_FIELDS.includes(field));
  return isService && kustomizationNames.some((name) => siblings.includes(name));
}

/** The one document of a file; undefined when it has nothing but comments. */
function readOne(text: string, file: string, code: FailureCode): Result<PlacedDocument | undefined> {
  const documents = readPlacedDocuments(text, file);
  if (!documents.ok) return failed(...documents.failures.map((failure) => ({ ...failure, code })));
  const [first, second] = documents.value;
  if (Array.isArray(first?.value) && first.value.length === 0) {
    return failed({ code, message: "the file is an empty list, not a map", remedy: "write a map", at: first.at });
  }
  if (second === undefined) return ok(first);
  return failed({
    code,
    message: "a settings file has one document, this one has more",
    remedy: "write all settings into one document; files of this name hold settings: rename it, if it has manifests",
    at: second.at,
  });
}
