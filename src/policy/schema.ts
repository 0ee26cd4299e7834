import * as v from "valibot";
import { DURATION, durationMs, globProblem, nearest } from "../model/index.ts";

/**
 * Everything that a settings file may hold, once: it is read by this, its JSON Schema and `docs/settings.md` are made from
 * it. The message of a schema says what is wanted, for `… is 7, not true or false`.
 */
export const API_VERSION = "gitops.bulkhead.dev/v1";

const TOOLS = ["flux", "helm", "argo", "kapp"] as const;
const DURATION_NOUN = "a duration of at least 1s, such as 90s, 10m or 1h30m";
const COUNT_NOUN = "a whole number from 0 to 1000000";
const SHARE_NOUN = "a share such as 50% or 0.5";
const KIND_NOUN = "a kind as group/Kind, such as networking.k8s.io/Ingress, or Secret";
const GLOBS_NOUN = "a glob over service ids, or a list of globs";

const say = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text));
const field = <S extends v.GenericSchema>(schema: S, text: string) => v.optional(say(schema, text));
/** A map or list whose content may be commented out. */
const section = <S extends v.GenericSchema>(schema: S, text: string) => v.nullish(say(schema, text));

/** A map of these fields and no others. */
function map<F extends v.ObjectEntries>(noun: string, fields: F, elsewhere: (name: string) => string | undefined) {
  const known = Object.keys(fields);
  // Without a prototype: `constructor` is no field of ours.
  const entries: F = Object.assign(Object.create(null), fields);
  return v.strictObject(entries, ({ expected, path }) => {
    if (expected !== "never") return noun;
    const name = String(path?.at(-1)?.key);
    const near = nearest(name, known);
    return (
      elsewhere(name) ?? (near === undefined ? `remove it; known are ${known.join(", ")}` : `did you mean ${near}?`)
    );
  });
}

const nowhere = (): undefined => undefined;
const flag = v.boolean("true or false");
const duration = v.pipe(
  v.string(DURATION_NOUN),
  v.regex(DURATION, DURATION_NOUN),
  v.check((text) => (durationMs(text) ?? 0) >= 1000, DURATION_NOUN),
);
const count = v.pipe(
  v.number(COUNT_NOUN),
  v.integer(COUNT_NOUN),
  v.minValue(0, COUNT_NOUN),
  v.maxValue(1_000_000, COUNT_NOUN),
);
const percent = v.pipe(v.string(SHARE_NOUN), v.regex(/^(?:100|[0-9]{1,2}(?:\.[0-9]{1,6})?)%$/, SHARE_NOUN));
const fraction = v.pipe(v.number(SHARE_NOUN), v.minValue(0, SHARE_NOUN), v.maxValue(1, SHARE_NOUN));
const name = (noun: string) => v.pipe(v.string(noun), v.regex(/^\S{1,253}$/, noun));

const limit = v.pipe(
  map(
    "a map of free, share and max",
    {
      free: field(
        count,
        "as many deletes as these are never too many; it counts as `max` where that is less, and a share of 0 beside none makes it 0",
      ),
      share: field(v.union([percent, fraction], SHARE_NOUN), "more than this share of the whole is too many"),
      max: field(count, "more than these are too many"),
    },
    nowhere,
  ),
  v.check(
    ({ free, max }) => free === undefined || max === undefined || free <= max,
    "a limit whose free is at most its max",
  ),
);

/** Settings of a service that may stand anywhere. */
const common = {
  prune: field(flag, "deletes what is gone from git, under the rules for deletes"),
  suspend: field(flag, "leaves the service as it is"),
  deletionPolicy: field(
    v.picklist(["prune", "orphan"], "prune or orphan"),
    "what becomes of the objects when the service leaves git; by default `prune`, and `orphan` where `prune` is false",
  ),
  drift: field(
    v.picklist(["enforce", "detect", "off"], "one of enforce, detect, off"),
    "fields that somebody else changed are written back, only reported, or not looked for",
  ),
  wait: field(flag, "waits until everything that was applied is healthy"),
  timeout: field(duration, "for building, applying and waiting together"),
  interval: field(duration, "how often the service is looked at when nothing happens"),
  retryInterval: field(duration, "the first wait before a failed service is tried again; it doubles from there"),
  recreate: field(
    flag,
    "an object whose change the API server calls immutable is deleted and created anew; never one of a protected kind",
  ),
  adopt: field(
    v.array(v.picklist(TOOLS, `one of ${TOOLS.join(", ")}`), `a list of ${TOOLS.join(", ")}`),
    "takes over objects that these tools own",
  ),
  tenant: field(
    v.pipe(v.string("a name"), v.regex(/^[A-Za-z0-9][\w./-]{0,62}$/, "a name of letters, digits, dots and dashes")),
    "services of one tenant share its part of the pool",
  ),
  deleteLimit: field(
    limit,
    "deletes of the service that are too many at once; what is left out is as in `breaker.service`",
  ),
};

/** Settings of one service, or of those that a glob names. */
const service = {
  ...common,
  dependsOn: field(
    v.array(name("a service id"), "a list of service ids"),
    "ids of services that go first; it replaces what the Flux document says. A service does not wait for itself",
  ),
  healthChecks: field(
    v.array(
      map(
        "a map of apiVersion, kind, namespace and name",
        {
          apiVersion: name("an apiVersion such as apps/v1"),
          kind: name("a kind such as Deployment"),
          namespace: v.optional(name("a namespace")),
          name: name("the name of an object"),
        },
        nowhere,
      ),
      "a list of objects",
    ),
    "objects to wait for when `wait` does not say all: `apiVersion`, `kind`, `name`, and `namespace` of what has one",
  ),
};

const onlyOfSome = (name: string): string | undefined =>
  Object.hasOwn(service, name)
    ? "write it in an entry of services, or in the gitops.yaml of the service's folder"
    : undefined;

const GLOB = /^!?[^\s*]*(?:\*+[^\s*]*){0,4}$/;
const glob = v.pipe(
  v.string(GLOBS_NOUN),
  v.regex(/^!?[^\s!]\S{0,252}$/, GLOBS_NOUN),
  v.regex(GLOB, "a glob with at most 4 stars"),
  v.check((text) => globProblem(text.replace(/^!/, "")) === undefined, "a glob of *, **, ?, [ab] and {a,b} only"),
);
const globs = v.union([glob, v.pipe(v.array(glob, GLOBS_NOUN), v.minLength(1, GLOBS_NOUN))], GLOBS_NOUN);

export const SERVICE_FIELDS: readonly string[] = Object.keys(service);

const MANIFEST_FIELDS: readonly string[] = ["metadata", "spec", "data"];
const asManifest = (name: string): string | undefined =>
  MANIFEST_FIELDS.includes(name) ? "files of this name hold settings: rename it, if it is a manifest" : undefined;

const apiVersion = field(v.literal(API_VERSION, API_VERSION), "the version of this format");

/** `gitops.yaml` at the root of the repository, or of what `--path` names. */
export const settingsFile = map(
  "a map of settings",
  {
    apiVersion,
    kind: field(v.literal("Settings", "Settings"), "which file this is"),
    defaults: section(
      map("a map of settings", common, onlyOfSome),
      "for every service, below what its Flux document says",
    ),
    services: section(
      v.array(
        map(
          "a map of match and settings",
          {
            match: say(
              globs,
              "globs over service ids or their last parts; one that begins with `!` leaves out what it names",
            ),
            ...service,
          },
          nowhere,
        ),
        "a list of entries with match",
      ),
      "for some services, above what their Flux documents say; of several entries the last one wins, field by field",
    ),
    breaker: section(
      map(
        "a map of service, run and gone",
        {
          service: field(limit, "objects of one service"),
          run: field(limit, "objects of the whole run"),
          gone: field(limit, "services that left git"),
        },
        nowhere,
      ),
      "deletes that are too many at once are held; flags that are given win over this",
    ),
    protect: section(
      v.array(
        v.pipe(v.string(KIND_NOUN), v.regex(/^(?:[a-z0-9][a-z0-9.-]{0,252}\/)?[A-Z][A-Za-z0-9]{0,62}$/, KIND_NOUN)),
        "a list of kinds",
      ),
      "kinds, as `group/Kind` or, in whichever group, as `Kind`, whose deletes wait for a confirmation, beside Namespace, CustomResourceDefinition, PersistentVolume and PersistentVolumeClaim",
    ),
    rewrites: field(
      v.picklist(["hold", "allow"], "hold or allow"),
      "deletes of a revision that does not follow from what was applied before, as after a force-push: they wait for a confirmation (`hold`, the default), or are done as all others (`allow`)",
    ),
    tenantFrom: field(
      v.pipe(
        v.string("namespace or label:<key>"),
        v.regex(/^(?:namespace|label:[\w./-]{1,317})$/, "namespace or label:<key>"),
      ),
      "where a service's tenant comes from: `namespace` of its Flux document, or the first folder below `--path`; or `label:<key>`, a label of its Flux document",
    ),
  },
  (name) =>
    SERVICE_FIELDS.includes(name) ? "write it below defaults, or below services beside a match" : asManifest(name),
);

/** `gitops.yaml` in the folder of a service. */
export const serviceFile = map(
  "a map of settings",
  {
    apiVersion,
    kind: field(v.literal("ServiceSettings", "ServiceSettings"), "which file this is"),
    ...service,
  },
  (name) =>
    ["defaults", "services", "breaker", "protect", "rewrites", "tenantFrom"].includes(name)
      ? "write it in the gitops.yaml at the root of the repository, or of --path"
      : asManifest(name),
);

export type SettingsFile = v.InferOutput<typeof settingsFile>;
export type ServiceFields = Omit<v.InferOutput<typeof serviceFile>, "apiVersion" | "kind">;
export type Limit = v.InferOutput<typeof limit>;
