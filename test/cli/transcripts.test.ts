import { describe, expect, test } from "vitest";
import type { Discovered } from "../../src/cli/engine.ts";
import { DEFAULT_SETTINGS, failed, ok } from "../../src/model/index.ts";
import { NO_POLICY } from "../../src/policy/index.ts";
import { COMMIT, MISSING, MIXED, pass, service, step, UNREACHABLE } from "../report/examples.ts";
import { passing, run, type Script, transcript } from "./scripted.ts";

/** Runs a call and holds what it printed against `fixtures/cli/NAME.txt`. */
async function shows(name: string, args: readonly string[], script: Script = {}): Promise<void> {
  await expect(transcript(args, await run(args, script))).toMatchFileSnapshot(`../../fixtures/cli/${name}.txt`);
}

const settings = DEFAULT_SETTINGS;
const found: Discovered = {
  revision: { ref: "main", commit: COMMIT },
  policy: NO_POLICY,
  discovery: {
    services: [
      {
        id: "dev/pay",
        origin: "flux",
        folder: "dev/releases/pay",
        at: { path: "clusters/dev/pay.yaml", line: 1 },
        why: "a Flux Kustomization",
        settings,
      },
      {
        id: "dev/web",
        origin: "flux",
        folder: "dev/releases/web",
        at: { path: "clusters/dev/web.yaml", line: 1 },
        why: "a Flux Kustomization",
        settings: { ...settings, suspend: true },
      },
    ],
    broken: [{ id: "dev/bad", at: { path: "clusters/dev/bad.yaml", line: 4 }, failures: [MISSING], sources: [] }],
    complete: true,
    ignored: [],
  },
};
const discovering = { discover: () => Promise.resolve(ok(found)) };
const planned = pass([
  service("dev/pay", "planned", {
    steps: [step("update", "pay", { result: "planned", fields: [{ path: "spec.replicas", before: 2, after: 3 }] })],
  }),
]);

describe("what people see", () => {
  test("a sync in which something failed and something is held", () =>
    shows("sync-mixed", ["sync", "--path", "clusters/dev"], {
      engine: passing(MIXED, [
        { type: "fetched", revision: { ref: "main", commit: COMMIT } },
        { type: "discovered", services: 4, broken: 0 },
        ...MIXED.services.map((outcome) => ({ type: "finished" as const, outcome })),
      ]),
    }));
  test("a sync that could not run", () =>
    shows("sync-unreachable", ["sync"], { engine: passing(pass([], { failures: [UNREACHABLE] })) }));
  test("the same for a program", () =>
    shows("sync-unreachable-json", ["sync", "-o", "json"], { engine: passing(pass([], { failures: [UNREACHABLE] })) }));
  test("a sync that could not be recorded says so and is done", () =>
    shows("sync-unrecorded", ["sync"], {
      engine: passing(pass([service("dev/api", "unchanged")])),
      env: { XDG_CACHE_HOME: "/dev/null" },
    }));
  test("differences", () => shows("diff", ["diff", "--service", "dev/*"], { engine: passing(planned) }));
  test("differences as YAML", () => shows("diff-yaml", ["diff", "-o", "yaml"], { engine: passing(planned) }));
  test("services", () => shows("services", ["services"], { engine: discovering }));
  test("services of a glob, as JSON", () =>
    shows("services-json", ["services", "--service", "dev/w*", "-o", "json"], { engine: discovering }));
  test("a build is the text of kustomize build", () =>
    shows("build", ["build", "dev/releases/pay"], {
      engine: {
        ...discovering,
        build: (_, id) => Promise.resolve(ok({ text: `# ${id}\nkind: ConfigMap\n`, objects: [] })),
      },
    }));
  test("a build that fails", () =>
    shows("build-failed", ["build", "dev/pay"], {
      engine: { ...discovering, build: () => Promise.resolve(failed(MISSING)) },
    }));
  test("a build of a service that is broken", () =>
    shows("build-broken", ["build", "dev/bad"], { engine: discovering }));
  test("a build of no service", () => shows("build-unknown", ["build", "pay"], { engine: discovering }));
  test("an unknown command", () => shows("unknown-command", ["synk"]));
  test("an unknown flag", () => shows("unknown-flag", ["sync", "--serivce", "x"]));
  test("an unknown flag, for a program", () => shows("unknown-flag-json", ["sync", "--serivce", "x", "-ojson"]));
  test("flags that are wrong, each named", () =>
    shows("wrong-flags", ["sync", "--concurrency", "0", "--timeout", "soon", "--path", "../up", "--confirm", "yes"], {
      env: { GITOPS_MAX_DELETE_SHARE: "120%" },
    }));
  test("a missing argument", () => shows("missing-argument", ["build"]));
  test("help of a command", () => shows("help-diff", ["diff", "--help"]));
  test("help", () => shows("help", ["--help"]));
  test("a bug says that it is one", () => shows("bug", ["diff"]));
});
