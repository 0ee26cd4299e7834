import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseYaml, toJson, writeYaml, type YamlMode } from "../../src/kustomize/yaml/index.ts";
import type { Json, JsonObject } from "../../src/model/index.ts";

/** Go's answers for 198 texts, and the YAML that kustomize printed for its own tests. */
const corpus = "../shared/corpus";
const isThere = existsSync(join(corpus, "yaml", "cases.json"));

interface Case {
  readonly name: string;
  readonly text: string;
  readonly answers: Readonly<Record<YamlMode, string>>;
}

function cases(): readonly Case[] {
  const texts: readonly { Name: string; Yaml: string }[] = JSON.parse(
    readFileSync(join(corpus, "yaml", "cases.json"), "utf8"),
  );
  const oracle: readonly { name: string; k8s: string; kyaml: string }[] = JSON.parse(
    readFileSync(join(corpus, "yaml", "oracle.json"), "utf8"),
  );
  return texts.map(({ Name, Yaml }, at) => {
    const answer = oracle[at];
    if (answer?.name !== Name) throw new Error(`the oracle has no answer for ${Name}`);
    return { name: Name, text: Yaml, answers: { kyaml: answer.kyaml, kubernetes: answer.k8s } };
  });
}

/**
 * Where an answer is not a value or an error of the text, but of the question: Go was asked to decode one object, and
 * `parseYaml` answers with the documents that there are.
 */
const exceptions: Readonly<Record<string, { readonly mode?: YamlMode; readonly ours: string; readonly why: string }>> =
  {
    "": { ours: "no document", why: "Go says null or EOF" },
    "# x\n": { ours: "no document", why: "Go says null or EOF" },
    "---\n": { ours: "no content", why: "Go says null, or the object without fields" },
    "hello\n": { mode: "kyaml", ours: '"hello"', why: "Go decodes into an object; the caller says that it wants one" },
    "a:\u00a01\n": { mode: "kyaml", ours: '"a:\u00a01"', why: "the same" },
  };

/** JSON text as Go writes it: sorted keys, exact numbers, -0. */
function goJson(value: Json): string {
  if (typeof value === "bigint") return String(value);
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value)) return `[${value.map((item: Json) => goJson(item)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const object = value as JsonObject;
    const fields = Object.keys(object).sort();
    return `{${fields.map((key) => `${goJson(key)}:${goJson(object[key] ?? null)}`).join(",")}}`;
  }
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function answer(text: string, mode: YamlMode): string {
  const result = parseYaml(text, { path: "case.yaml", mode });
  if (!result.ok) return "ERR";
  const [first] = result.value;
  if (first === undefined) return "no document";
  return first.root === undefined ? "no content" : goJson(toJson(first.root, mode));
}

function filesNamed(folder: string, name: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(`/${name}`))
    .map((path) => join(folder, path));
}

describe.skipIf(!isThere)(`${corpus} (skipped where it is not there)`, () => {
  test.each(["kyaml", "kubernetes"] as const)("198 texts read as Go reads them: %s", (mode) => {
    const all = cases();
    expect(all.length).toBe(198);
    const differences = all.flatMap(({ name, text, answers }) => {
      const exception = exceptions[text];
      const isExcepted = exception !== undefined && (exception.mode ?? mode) === mode;
      const wanted = isExcepted ? exception.ours : answers[mode].startsWith("ERR") ? "ERR" : answers[mode];
      const got = answer(text, mode);
      return got === wanted ? [] : [{ name, wanted, got }];
    });
    expect(differences).toEqual([]);
  });

  test("what kustomize printed is written the same after reading it", () => {
    const files = filesNamed(join(corpus, "kustomize"), "expected.yaml");
    expect(files.length).toBeGreaterThan(100);
    const differences = files.filter((file) => {
      const text = readFileSync(file, "utf8");
      const result = parseYaml(text, { path: file, mode: "kyaml" });
      return !result.ok || writeYaml(result.value.flatMap(({ root }) => root ?? [])) !== text;
    });
    expect(differences).toEqual([]);
  });
});

if (!isThere) console.log(`${corpus} is not there: the YAML corpora were not read`);
