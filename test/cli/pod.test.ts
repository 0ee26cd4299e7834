import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { FLAGS, SERVING, variableOf } from "../../src/cli/flags.ts";
import { systemClock } from "../../src/clock.ts";
import { askEmbedded, bareEmbedded } from "../contract/server/asks.ts";

interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const documents = parseAllDocuments(readFileSync("docs/pod.yaml", "utf8")).map((one) => one.toJS() as Document);

test("docs/pod.yaml is taken by an API server, object by object, without an unknown field", async () => {
  const ask = askEmbedded(bareEmbedded(systemClock()));
  for (const document of documents) {
    const { apiVersion, kind, metadata } = document;
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const space = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const path = `${base}${space}/${kind.toLowerCase()}s/${metadata.name}?fieldManager=test&fieldValidation=Strict`;
    const answer = await ask({ method: "PATCH", path, body: JSON.parse(JSON.stringify(document)), type: APPLY });
    expect([kind, answer.status], JSON.stringify(answer.body)).toEqual([kind, 201]);
  }
});

test("its container is given flags and variables that run takes", () => {
  const text = JSON.stringify(documents.find(({ kind }) => kind === "Deployment"));
  const [command, ...args] = [...(/"args":\[([^\]]*)\]/.exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(
    ([, arg]) => arg,
  );
  expect(command).toBe("run");
  const flags = SERVING.map((name) => FLAGS[name]);
  const known = new Set(flags.map(({ name }) => `--${name}`));
  expect(args.map((arg) => arg?.split("=")[0])).toEqual(["--path"]);
  expect(args.filter((arg) => !known.has(arg?.split("=")[0] ?? ""))).toEqual([]);
  const variables = new Set(flags.map(variableOf));
  const given = [...text.matchAll(/"name":"(GITOPS_[A-Z_]+)"/g)].map(([, name]) => name ?? "");
  expect(given).toHaveLength(3);
  expect(given.filter((name) => !variables.has(name))).toEqual([]);
});

const APPLY = "application/apply-patch+yaml";
