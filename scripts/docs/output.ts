import { toJsonSchema } from "@valibot/to-json-schema";
import { anyDocument, SCHEMAS } from "./schemas.ts";

interface JsonSchema {
  readonly type?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

const plain = (schema: Parameters<typeof toJsonSchema>[0]): JsonSchema =>
  JSON.parse(JSON.stringify(toJsonSchema(schema))) as JsonSchema;

/** The JSON Schema of every document. */
export function schemaText(): string {
  return `${JSON.stringify(toJsonSchema(anyDocument), null, 2)}\n`;
}

export function outputPage(): string {
  const sections = Object.entries(SCHEMAS).map(([kind, { from, schema }]) => {
    const rows = fieldRows(plain(schema), "");
    return `## ${kind}\n\nFrom ${from}.\n\n| field | type | what it tells |\n| --- | --- | --- |\n${rows.join("")}`;
  });
  return `
# Output for programs

\`-o json\` prints one JSON document to stdout, and \`-o yaml\` the same as YAML, also when the command could not run. Nothing else is
printed there. \`kind\` says which document it is. Control characters are escaped; integers of any size are exact.
\`gitops build -o yaml\` prints the manifests themselves, as \`kustomize build\` does.

[output.schema.generated.json](output.schema.generated.json) is the same as JSON Schema.

${sections.join("\n")}`;
}

function fieldRows(schema: JsonSchema, prefix: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const optional = schema.required?.includes(name) === true ? "" : "?";
    const inner = field.items ?? field;
    const path = `${prefix}${name}${field.items === undefined ? "" : "[]"}`;
    const row = `| \`${path}${optional}\` | ${typeText(inner)} | ${field.description ?? ""} |\n`;
    // A failure is described once, where it stands for itself.
    if (inner.properties?.["code"] !== undefined && prefix !== "") return [row];
    return [row, ...fieldRows(inner, `${path}.`)];
  });
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.length > 20 ? "text" : schema.enum.map((one) => `\`${String(one)}\``).join(", ");
  if (schema.properties !== undefined) return "object";
  return typeof schema.type === "string" ? schema.type : "any";
}
