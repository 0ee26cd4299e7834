import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { pages } from "../../scripts/docs/pages.ts";
import { anyDocument } from "../../scripts/docs/schemas.ts";
import { DEFAULT_SETTINGS, failed, ok } from "../../src/model/index.ts";
import { NO_POLICY } from "../../src/policy/index.ts";
import type { Document } from "../../src/report/index.ts";
import { COMMIT, MISSING, MIXED, pass, service, step, UNREACHABLE } from "../report/examples.ts";
import { EXPLANATION, TRACE, TREES } from "./insights.ts";
import { exampleStanding } from "./kept.ts";
import { passing, run, type Script } from "./scripted.ts";

describe("the reference pages", () => {
  test.each(Object.keys(pages()))("%s is what the program says (else: npm run docs)", (path) => {
    expect(readFileSync(path, "utf8")).toBe(pages()[path]);
  });
});

const settings = { ...DEFAULT_SETTINGS, dependsOn: ["a"], intervalMs: 1, timeoutMs: 1 };
const at = { path: "clusters/dev/a.yaml", line: 1 };
const found = {
  revision: { ref: COMMIT, commit: COMMIT },
  policy: NO_POLICY,
  discovery: {
    services: [
      { id: "a", origin: "flux" as const, folder: "a", at, why: "it is", settings, declared: [] },
      { id: "c", origin: "flux" as const, folder: "c", at, why: "it is", settings: { ...settings, overlay: { at } } },
    ],
    broken: [{ id: "b", at, failures: [{ ...MISSING, chain: [at], object: "v1/ConfigMap/a" }], sources: ["b"] }],
    complete: true,
    ignored: [{ at, why: "no object" }],
  },
};
const standing = () => exampleStanding().then(ok);
const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
const owned = () => Promise.resolve(ok(new Map([["dev/lost", 1]])));
const fields = [{ path: "spec.replicas", before: 1 }];
const differing = pass([
  service("a", "planned", { steps: [step("update", "a", { at, fields, failure: MISSING, result: "failed" })] }),
]);

const ORPHANS = {
  revision: { ref: "main", commit: COMMIT },
  orphans: [
    { ref: { group: "", kind: "ConfigMap", namespace: "n", name: "a" }, service: "s", why: "w", deleted: true },
    { ref: { group: "apps", kind: "Deployment", namespace: "n", name: "b" }, why: "w", deleted: false },
  ],
  unlisted: [{ kind: "Secret", why: "403" }],
  complete: true,
};

const CALLS: readonly (readonly [kind: string, args: readonly string[], script: Script])[] = [
  ["Pass", ["sync"], { engine: passing(MIXED) }],
  ["Pass", ["diff"], { engine: passing(differing) }],
  ["Services", ["services"], { engine: { discover: () => Promise.resolve(ok(found)) } }],
  ["Status", ["status"], { engine: { owned } }],
  ["Status", ["status"], { engine: { owned, standing } }],
  ["History", ["history", "dev/pay"], { engine: { standing } }],
  [
    "Events",
    ["events"],
    {
      engine: {
        events: () => Promise.resolve(ok([{ service: "a", type: "Normal", reason: "r", message: "m", at: "" }])),
      },
    },
  ],
  [
    "Suspensions",
    ["suspend", "dev/db", "--reason", "restore"],
    { engine: { standing, suspend: async () => ok((await exampleStanding()).suspensions) } },
  ],
  [
    "Confirmed",
    ["confirm", "3f2a91c"],
    { engine: { standing, confirm: async (commit, globs) => ok({ commit, globs, by: "Ada", at: "" }) } },
  ],
  [
    "Build",
    ["build", "a"],
    {
      engine: {
        discover: () => Promise.resolve(ok(found)),
        build: () => Promise.resolve(ok({ text: "", objects: [manifest] })),
      },
    },
  ],
  ["Orphans", ["orphans"], { engine: { orphans: () => Promise.resolve(ok(ORPHANS)) } }],
  ["Why", ["why", "dev/pay"], { engine: { explain: () => Promise.resolve(ok(EXPLANATION)) } }],
  ["Tree", ["tree"], { engine: { trees: () => Promise.resolve(ok(TREES)) } }],
  ["Trace", ["trace", "pod/dev/pay-7d4b9c-x2x8q"], { engine: { trace: () => Promise.resolve(ok(TRACE)) } }],
  ["EffectiveSettings", ["settings"], { engine: { discover: () => Promise.resolve(ok(found)) } }],
  ["Version", ["version"], {}],
  ["Error", ["sync"], { engine: passing(pass([], { failures: [UNREACHABLE] })) }],
  ["Error", ["build", "a"], { engine: { discover: () => Promise.resolve(failed(UNREACHABLE)) } }],
  ["Error", ["nonsense"], {}],
];

describe("the documents of -o json", () => {
  test.each(CALLS)("%s of gitops %j is as described, without a field more", async (kind, args, script) => {
    const { stdout } = await run([...args, "-o", "json"], script);
    const document: unknown = JSON.parse(stdout);
    expect(v.parse(anyDocument, document)).toEqual(document);
    expect(document).toMatchObject({ kind });
  });

  test("the description and the types of the program say the same", () => {
    type Described = v.InferOutput<typeof anyDocument>;
    expectTypeOf<Document["kind"]>().toEqualTypeOf<Described["kind"]>();
    expectTypeOf<(Document & { kind: "Error" })["failures"][number]["code"]>().toEqualTypeOf<
      (Described & { kind: "Error" })["failures"][number]["code"]
    >();
  });
});
