import { toJsonSchema } from "@valibot/to-json-schema";
import { DEFAULT_SETTINGS, type DeleteLimit } from "../../src/model/index.ts";
import { DEFAULT_BREAKER } from "../../src/plan/index.ts";
import { API_VERSION, SERVICE_FIELDS, serviceFile, settingsFile } from "../../src/policy/index.ts";

interface JsonSchema {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** What is judged beyond JSON Schema (a limit's `free` is at most its `max`) is left out of it. */
const plain = (schema: Parameters<typeof toJsonSchema>[0]): JsonSchema => {
  const { $schema: _schema, ...rest } = toJsonSchema(schema, { errorMode: "ignore" });
  return JSON.parse(JSON.stringify(rest)) as JsonSchema;
};

/** The JSON Schema of every `gitops.yaml`. */
export function settingsSchemaText(): string {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "gitops.yaml",
    description: `Settings of ${API_VERSION}: of a repository, or of the service in whose folder the file is`,
    anyOf: [
      { title: "Settings", ...plain(settingsFile) },
      { title: "ServiceSettings", ...plain(serviceFile) },
    ],
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const share = (part: number): string => `${Math.round(part * 100)}%`;
const limit = ({ free, share: part, max }: DeleteLimit): string =>
  `\`{free: ${free}, share: ${share(part)}, max: ${max}}\``;
const { intervalMs, timeoutMs, retryMs } = DEFAULT_SETTINGS;

/** What holds when nothing is said. */
const USUAL: Readonly<Record<string, string>> = {
  prune: `\`${DEFAULT_SETTINGS.prune}\`; of a Flux document \`false\``,
  suspend: `\`${DEFAULT_SETTINGS.suspend}\``,
  deletionPolicy: "as `prune` is",
  drift: `\`${DEFAULT_SETTINGS.drift}\``,
  wait: `\`${DEFAULT_SETTINGS.wait}\``,
  timeout: `\`${timeoutMs / 60_000}m\`; of a Flux document the interval less 30 s, at least 30 s`,
  interval: `\`${intervalMs / 60_000}m\``,
  retryInterval: `\`${retryMs / 1000}s\``,
  recreate: `\`${DEFAULT_SETTINGS.recreate}\``,
  adopt: "none",
  tenant: "see `tenantFrom`",
  deleteLimit: "as `breaker.service`",
  dependsOn: "none",
  healthChecks: "none",
  "breaker.service": limit(DEFAULT_BREAKER.service),
  "breaker.run": limit(DEFAULT_BREAKER.run),
  "breaker.gone": limit(DEFAULT_BREAKER.gone),
  protect: "none",
  rewrites: "`hold`",
  tenantFrom: "`namespace`",
};

const EXAMPLES = `\`\`\`yaml
# gitops.yaml at the root of the repository
apiVersion: ${API_VERSION}
kind: Settings
defaults:                     # for every service
  drift: detect
  retryInterval: 1m
services:                     # for some
  - match: payments/*
    drift: enforce
    deleteLimit: {max: 2}
  - match: [legacy-*, "!legacy-mail"]
    suspend: true
breaker:
  run: {share: 10%}
protect: [Secret, apps/StatefulSet]
tenantFrom: label:team
\`\`\`

\`\`\`yaml
# gitops.yaml in the folder of a service
prune: false
dependsOn: [infra/dns]
\`\`\``;

export function settingsPage(
  table: (header: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const root = plain(settingsFile).properties ?? {};
  const inEntry = unwrapped(root["services"]).items?.properties ?? {};
  const inDefaults = unwrapped(root["defaults"]).properties ?? {};
  const rows = (fields: Readonly<Record<string, JsonSchema>>, prefix = ""): readonly (readonly string[])[] =>
    Object.entries(fields).map(([name, field]) => [
      `\`${prefix}${name}\``,
      typeText(field),
      USUAL[`${prefix}${name}`] ?? "",
      descriptionOf(field),
    ]);
  const ofService = SERVICE_FIELDS.map((name) => {
    const field = inEntry[name] ?? {};
    const where = name in inDefaults ? "" : "; not in `defaults`";
    return [`\`${name}\``, typeText(field), USUAL[name] ?? "", `${descriptionOf(field)}${where}`];
  });
  const limits = unwrapped(inEntry["deleteLimit"]).properties ?? {};
  return `
# Settings

Settings live in the repository, in files named \`gitops.yaml\`, and go through the same reviews as everything else. None is needed.

${EXAMPLES}

[gitops.schema.generated.json](gitops.schema.generated.json) is the JSON Schema of both, for editors: with a copy of it
beside \`gitops.yaml\`, the first line \`# yaml-language-server: $schema=gitops.schema.generated.json\` completes and checks fields. The
program checks the same and a little more: \`gitops settings --repo . --ref HEAD\` says what is wrong, with file and line.

## Which file counts

- For the whole revision: \`gitops.yaml\` in the folder that \`--path\` names, else the one at the root of the repository. If there are
  both, the nearer one stands for all of the other: nothing of the two is put together.
- For one service: \`gitops.yaml\` in its folder. A repository, or a \`--path\`, that is itself the folder of one service may hold a
  service's settings in that place: it is taken as such by \`kind: ServiceSettings\`, or when it has fields of a service only.
- It is no manifest: where a folder without a kustomization is taken as a whole, as Flux does, it is left out. A manifest of
  this name in one of these places is refused as settings, and never passed over in silence.

## What goes over what

The last one wins, field by field; a list stands for all of the one before.

1. what is usual
2. \`defaults\`
3. what the service's Flux document says
4. the entries of \`services\` that match it, in order
5. \`gitops.yaml\` in its folder

Limits of deletes are put together number by number. Flags such as \`--max-deletes\` that are given go over \`breaker\`; a
\`deleteLimit\` stays. \`gitops settings\` shows what holds for each service, and which file and line says so.

## When a service leaves git

Entries of \`services\` that match its id still hold: what is suspended is left as it is, and so is what an entry that is wrong matches;
\`deletionPolicy: orphan\`, or \`prune: false\`, keeps what the service leaves behind. What else was said of it is gone with it, but for the
deletion policy that its objects carry since they were applied.

## What is wrong stays small

- An entry of \`services\` that is wrong fails the services that it matches, and no others. One that matches none stands for itself among
  the broken services.
- A wrong file in a service's folder fails that service. Both are \`service/invalid-settings\`, with the place; what these services own
  stays as it is.
- Everything else that is wrong in the file of the revision, and a \`match\` that cannot be read, fails the run before anything is
  changed: exit code 2, \`usage/invalid-settings\`. What cannot be read may be what keeps a service suspended or a kind protected, so
  going on without it would be a guess.

Unknown fields are wrong, too. Texts are read as YAML 1.2 has them: \`off\` and \`no\` are no booleans.

## Settings of a service

${table(["field", "value", "usually", "what it does"], ofService)}
\`match\`: ${descriptionOf(inEntry["match"] ?? {})}. A last part is what follows the last slash: \`pay-*\` finds \`payments/pay-api\`, and \`/pay\` finds \`pay\` but not \`payments/pay\`. \`*\` stops at a slash, \`**\` does not, \`?\` is one character, \`[a-z]\` and \`[!a-z]\` are one of some, \`{a,b}\` is either; there are no other patterns, and at most four stars. A character in brackets, such as \`[(]\`, stands for itself.

A limit has these fields:

${table(
  ["field", "value", "what it says"],
  Object.entries(limits).map(([name, field]) => [`\`${name}\``, typeText(field), descriptionOf(field)]),
)}
Durations are written as Flux writes them: \`90s\`, \`10m\`, \`1h30m\`.

## Settings of a revision

${table(
  ["field", "value", "usually", "what it does"],
  [
    ...rows(only(root, ["apiVersion", "kind", "defaults", "services"])),
    ...rows(unwrapped(root["breaker"]).properties ?? {}, "breaker."),
    ...rows(only(root, ["protect", "rewrites", "tenantFrom"])),
  ],
)}`;
}

function only(
  fields: Readonly<Record<string, JsonSchema>>,
  names: readonly string[],
): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(names.map((name) => [name, fields[name] ?? {}]));
}

/** Without the null that a section may be. */
function unwrapped(field: JsonSchema | undefined): JsonSchema {
  const choices = field?.anyOf?.filter(({ type }) => type !== "null") ?? [];
  return choices.length === 1 ? (choices[0] ?? {}) : (field ?? {});
}

function descriptionOf(field: JsonSchema): string {
  const text = unwrapped(field).description ?? field.description;
  if (text === undefined) throw new Error(`a field without a description: ${JSON.stringify(field)}`);
  return text;
}

function typeText(field: JsonSchema): string {
  const schema = unwrapped(field);
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(", ");
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(" or ");
  if (schema.type === "array") return `list of ${typeText(schema.items ?? {})}`;
  if (schema.pattern?.includes("ms|s|m|h") === true) return "duration";
  if (schema.pattern?.endsWith("%$") === true) return "percentage";
  const names: Readonly<Record<string, string>> = {
    boolean: "true or false",
    integer: "whole number",
    number: "number from 0 to 1",
    string: "text",
    object: "map",
  };
  return names[schema.type ?? ""] ?? "any";
}
