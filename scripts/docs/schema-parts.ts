// What the documents of docs/output.md are made of.
import * as v from "valibot";
import type { FailureCode } from "../../src/model/index.ts";
import { FAILURES } from "./failures.ts";

/** Describes a field: the text stands in docs/output.md. */
export const say = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text));
export const optional = <S extends v.GenericSchema>(schema: S, text: string) => v.optional(say(schema, text));

export const json: v.GenericSchema<unknown> = v.unknown();
const whole = () => v.pipe(v.number(), v.integer(), v.minValue(0));
export const count = whole();
/** Milliseconds. */
export const ms = whole();

export const ref = v.strictObject({ group: v.string(), kind: v.string(), namespace: v.string(), name: v.string() });

export const place = v.strictObject({
  path: say(v.string(), "file, relative to the repository's root"),
  line: optional(count, "from 1"),
  column: optional(count, "from 1"),
});

export const failure = v.strictObject({
  code: say(v.picklist(Object.keys(FAILURES) as FailureCode[]), "stable code, see failures.md"),
  message: say(v.string(), "what is wrong, one line"),
  remedy: say(v.string(), "the next command or edit"),
  at: optional(place, "where"),
  chain: optional(v.array(place), "the folders that led there, outermost first"),
  object: optional(v.string(), "the object concerned"),
});

export const brief = v.strictObject({
  code: failure.entries.code,
  message: failure.entries.message,
  remedy: failure.entries.remedy,
  at: failure.entries.at,
});

export const revision = v.strictObject({
  ref: say(v.string(), "the ref as asked for; without one, the branch that HEAD stands for"),
  commit: say(v.string(), "the commit that it was"),
  text: say(v.string(), "both, as Flux writes them: `main@sha1:…`"),
});

export const counts = v.strictObject({
  created: count,
  updated: count,
  transferred: say(count, "taken over from another service, in place"),
  adopted: say(count, "there already, nobody's or given up by another tool: ours now, in place"),
  recreated: say(count, "deleted and created anew, as asked, because a field that cannot change did"),
  drifted: say(count, "changed by somebody else, and only reported"),
  unchanged: count,
  deleted: count,
  held: say(count, "would be deleted, and is kept until confirmed"),
  kept: say(count, "no longer declared, and kept on purpose"),
  failed: count,
  pending: say(count, "what a sync that was stopped, or a service that failed, did not come to"),
});

export const STATE_NAMES = [
  "unchanged",
  "synced",
  "planned",
  "suspended",
  "progressing",
  "drifted",
  "held",
  "interrupted",
  "pending",
  "blocked",
  "backoff",
  "failed",
] as const;
export const state = v.picklist(STATE_NAMES);
export const states = v.strictObject({
  unchanged: say(count, "services in which nothing was to be done"),
  synced: count,
  planned: count,
  suspended: count,
  progressing: say(count, "applied, and not seen healthy before the end"),
  drifted: say(count, "with drift that is only reported"),
  held: count,
  interrupted: count,
  pending: say(count, "need a kind or a namespace that is not there yet"),
  blocked: count,
  backoff: say(count, "failed before, and not tried again yet"),
  failed: count,
});

const fieldChange = v.strictObject({
  path: say(v.string(), "`spec.template.spec.containers[name=api].image`"),
  before: optional(json, "absent: the field is not there now"),
  after: optional(json, "absent: the field goes; values of Secrets are masked"),
});

export const step = v.strictObject({
  group: say(v.string(), "API group, empty for the core"),
  kind: v.string(),
  namespace: say(v.string(), "empty for cluster-scoped objects"),
  name: v.string(),
  action: say(
    v.picklist(["create", "update", "transfer", "adopt", "recreate", "drifted", "unchanged", "delete", "held", "kept"]),
    "what the plan does",
  ),
  result: say(v.picklist(["done", "planned", "failed"]), "what became of it"),
  why: say(v.string(), "`changed`, `drifted: spec.replicas`, …"),
  confirmable: optional(v.boolean(), "of a held delete: whether a confirmation lets it go"),
  at: optional(place, "where the object is declared"),
  drift: optional(
    v.array(
      v.strictObject({
        path: v.string(),
        manager: optional(v.string(), "the field manager that has the field now"),
        since: optional(v.string(), "ISO 8601"),
      }),
    ),
    "fields that somebody else took since the last apply",
  ),
  fields: optional(v.array(fieldChange), "field by field, in a diff"),
  failure: optional(failure, "why it failed"),
});

export const confirmation = v.strictObject({
  by: v.string(),
  at: say(v.string(), "ISO 8601"),
  how: say(v.picklist(["command", "trailer", "flag"]), "`gitops confirm`, a commit's trailer, or `sync --confirm`"),
});

export const service = v.strictObject({
  service: say(v.string(), "id"),
  state,
  at: optional(place, "where the service is defined; absent when it left git"),
  built: say(v.boolean(), "false: the build was known from before"),
  durationMs: ms,
  counts,
  steps: v.array(step),
  failures: v.array(failure),
  warnings: optional(v.array(failure), "what is not right and holds up nothing"),
  health: optional(
    v.strictObject({
      state: v.picklist(["healthy", "progressing", "failed"]),
      objects: say(v.array(v.strictObject({ ...ref.entries, why: v.string() })), "what is not healthy"),
    }),
    "of services that wait for it",
  ),
  because: optional(v.string(), "why it was worked on, or not"),
  digest: optional(v.string(), "hash over what it declares"),
  retry: optional(
    v.strictObject({ attempts: say(count, "failures in a row"), nextAt: say(v.string(), "ISO 8601") }),
    "of a service that failed",
  ),
  tenant: optional(v.string(), "whose share of the pool it uses"),
  confirmed: optional(confirmation, "who confirmed deletes that would have been held"),
});

export const exit = say(count, "the exit code of the command");
export const schema = say(v.literal(1), "version of this format: fields may be added, none is renamed or taken away");
