import { describe, expect, test } from "vitest";
import type { Discovered } from "../../src/cli/engine.ts";
import { DEFAULT_SETTINGS, failed, ok } from "../../src/model/index.ts";
import { NO_POLICY } from "../../src/policy/index.ts";
import { COMMIT, MISSING, MIXED, pass, service, step, UNREACHABLE } from "../report/examples.ts";
import { EXPLANATION, STRAY, TRACE, TREES, UNTOUCHED } from "./insights.ts";
import { exampleStanding } from "./kept.ts";
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

const standing = () => exampleStanding().then(ok);
const owned = () =>
  Promise.resolve(
    ok(
      new Map([
        ["dev/web", 1],
        ["dev/pay", 3],
        ["dev/db", 2],
      ]),
    ),
  );
const told = [
  { service: "dev/pay", type: "Warning", reason: "BuildFailed", message: MISSING.message, at: "2025-12-31T23:58:00Z" },
  { service: "", type: "Normal", reason: "More", message: "3 more: dev/a, dev/b, dev/c", at: "2025-12-31T23:59:00Z" },
];

const orphans = {
  revision: { ref: "main", commit: COMMIT },
  orphans: [
    {
      ref: { group: "", kind: "ConfigMap", namespace: "dev", name: "old" },
      service: "dev/pay",
      why: "its deletion policy is orphan",
      deleted: false,
    },
    {
      ref: { group: "apps", kind: "Deployment", namespace: "dev", name: "db" },
      why: "Flux v1 applied it, and no service declares it",
      deleted: false,
    },
    {
      ref: { group: "", kind: "Secret", namespace: "dev", name: "gone" },
      service: "dev/web",
      why: "no longer in git: the next sync deletes it",
      deleted: true,
    },
  ],
  unlisted: [],
  complete: true,
};

describe("what is kept in the cluster", () => {
  test("status", () => shows("status", ["status"], { engine: { standing, owned } }));
  test("status of one service, as JSON", () =>
    shows("status-json", ["status", "--service", "dev/db", "-o", "json"], { engine: { standing, owned } }));
  test("status that the cluster does not tell is what this machine knows", () =>
    shows("status-unreadable", ["status"], {
      engine: { standing: () => Promise.resolve(failed(UNREACHABLE)), owned },
    }));
  test("the history of a service", () => shows("history", ["history", "dev/pay"], { engine: { standing } }));
  test("the history of no service", () => shows("history-unknown", ["history", "dev/nope"], { engine: { standing } }));
  test("Events", () => shows("events", ["events"], { engine: { events: () => Promise.resolve(ok(told)) } }));
  test("Events of some services, as YAML", () =>
    shows("events-yaml", ["events", "--service", "dev/*", "-o", "yaml"], {
      engine: { events: () => Promise.resolve(ok(told)) },
    }));
  test("Events of nobody", () =>
    shows("events-none", ["events", "--service", "dev/nope"], { engine: { events: () => Promise.resolve(ok(told)) } }));
  test("suspending", () =>
    shows("suspend", ["suspend", "dev/db", "--reason", "restore", "--until", "6h"], {
      engine: { standing, suspend: async () => ok((await exampleStanding()).suspensions) },
    }));
  test("suspending nobody, as ids are longer than that", () =>
    shows("suspend-nobody", ["suspend", "db", "dev/w*", "prod/*", "--reason", "restore"], {
      engine: {
        standing: async () => {
          const example = await exampleStanding();
          const longer = example.services().map((one) => ({ ...one, service: `clusters/${one.service}` }));
          return ok({ ...example, services: () => longer });
        },
        suspend: ({ globs, reason }) =>
          Promise.resolve(ok(globs.map((glob) => ({ glob, reason, author: "Ada", at: "2026-01-01T00:00:00.000Z" })))),
      },
    }));
  test("suspending with an empty text", () => shows("suspend-empty", ["suspend", "", "--reason", "restore"]));
  test("suspending without a reason", () => shows("suspend-unreasoned", ["suspend", "dev/db"]));
  test("suspending until yesterday", () =>
    shows("suspend-past", ["suspend", "dev/db", "--reason", "x", "--until", "2025-12-31"]));
  test("resuming", () =>
    shows("resume", ["resume", "*"], {
      engine: {
        standing: async () => ok({ ...(await exampleStanding()), services: () => [] }),
        resume: async () => ok({ left: [], notSuspended: [] }),
      },
    }));
  test("resuming what is not suspended so", () =>
    shows("resume-idle", ["resume", "dev/pay", "dev/web"], {
      engine: {
        standing,
        resume: async (globs) => ok({ left: (await exampleStanding()).suspensions, notSuspended: globs }),
      },
    }));
  test("confirming", () =>
    shows("confirm", ["confirm", "main@sha1:3f2a91c5d0e1", "--service", "dev/*"], {
      engine: {
        standing,
        confirm: async (commit, globs) => ok({ commit, globs, by: "Ada", at: "2026-01-01T00:00:00.000Z" }),
      },
    }));
  test("confirming no commit", () => shows("confirm-wrong", ["confirm", "yes"]));
  test("history where nothing is kept", () =>
    shows("history-nowhere", ["history", "dev/pay", "--status-namespace", "off"]));
  test("why: what makes a service run", () =>
    shows("why", ["why", "dev/pay"], { engine: { explain: () => Promise.resolve(ok(EXPLANATION)) } }));
  test("why: nothing does", () =>
    shows("why-unchanged", ["why", "dev/pay"], { engine: { explain: () => Promise.resolve(ok(UNTOUCHED)) } }));
  test("tree", () => shows("tree", ["tree"], { engine: { trees: () => Promise.resolve(ok(TREES)) } }));
  test("tree: nothing of any service that was asked for", () =>
    shows("tree-none", ["tree", "--service", "dev/nope", "--path", "clusters/dev"], {
      engine: { trees: () => Promise.resolve(ok([])) },
    }));
  test("trace: a Pod of a service", () =>
    shows("trace", ["trace", "pod/dev/pay-7d4b9c-x2x8q"], { engine: { trace: () => Promise.resolve(ok(TRACE)) } }));
  test("trace: an object of nobody", () =>
    shows("trace-nobody", ["trace", "configmap/notes"], { engine: { trace: () => Promise.resolve(ok(STRAY)) } }));
  test("trace: no object at all", () => shows("trace-nothing", ["trace", "notes"]));
  test("orphans", () => shows("orphans", ["orphans"], { engine: { orphans: () => Promise.resolve(ok(orphans)) } }));
  test("no orphans", () =>
    shows("orphans-none", ["orphans"], {
      engine: { orphans: () => Promise.resolve(ok({ ...orphans, orphans: [] })) },
    }));
  test("orphans that cannot all be told", () =>
    shows("orphans-unlisted", ["orphans", "-o", "json"], {
      engine: {
        orphans: () =>
          Promise.resolve(ok({ ...orphans, complete: false, unlisted: [{ kind: "Secret", why: "forbidden" }] })),
      },
    }));
  test("help with several arguments", () => shows("help-suspend", ["suspend", "--help"]));
});

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
