import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { buildDocument } from "../../src/report/documents.ts";
import { errorDocument, passDocument, serialize } from "../../src/report/index.ts";
import { COMMIT, MIXED, pass, service, step, UNREACHABLE } from "./examples.ts";

describe("documents", () => {
  test("a pass tells counts, states, and every step of every service", () => {
    const document = passDocument(MIXED, "sync", 1);
    expect(document).toMatchObject({
      kind: "Pass",
      schema: 1,
      mode: "sync",
      exit: 1,
      revision: { ref: "main", commit: COMMIT, text: `main@sha1:${COMMIT}` },
      counts: {
        created: 2,
        updated: 1,
        deleted: 1,
        held: 2,
        failed: 1,
        unchanged: 1,
        transferred: 0,
        adopted: 0,
        recreated: 0,
        drifted: 0,
        kept: 0,
        pending: 0,
      },
      states: { synced: 1, unchanged: 1, held: 1, failed: 1, blocked: 0 },
      builds: 2,
    });
    expect(document.services.map(({ service: id }) => id)).toEqual(["dev/web", "dev/pay", "dev/api", "dev/old"]);
    expect(document.services[1]?.steps[0]).toEqual({
      group: "apps",
      kind: "Deployment",
      namespace: "dev",
      name: "pay",
      action: "update",
      result: "failed",
      why: "changed",
    });
  });

  test("a failure has its documented fields and no others", () => {
    const more = { ...UNREACHABLE, secret: "hunter2" };
    expect(serialize(errorDocument([more], 2), "json")).not.toContain("hunter2");
  });
});

describe("JSON and YAML", () => {
  const evil = "\u009b1m\u202e\u001b[2J\u2028\ud800";
  const document = passDocument(pass([service(evil, "synced", { steps: [step("create", evil)] })]), "sync", 0);

  test("what a terminal would act on is escaped, and reads back as it was", () => {
    for (const format of ["json", "yaml"] as const) {
      const printed = serialize(document, format);
      expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028]/u);
      const read = (format === "json" ? JSON.parse(printed) : parse(printed)) as typeof document;
      expect(read.services[0]?.service).toBe(evil);
    }
  });

  test("integers that no double holds are written out", () => {
    const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, big: 9007199254740993n };
    const built = buildDocument("dev/a", { ref: "main", commit: COMMIT }, [manifest], 0);
    expect(serialize(built, "json")).toContain('"big": 9007199254740993');
    expect(serialize(built, "yaml")).toContain("big: 9007199254740993");
  });

  test("JSON is laid out as JSON.stringify does", () => {
    expect(serialize(document, "json")).toBe(
      `${JSON.stringify(JSON.parse(serialize(document, "json")), null, 2)
        .replaceAll("\u009b", "\\u009b")
        .replaceAll("\u202e", "\\u202e")
        .replaceAll("\u2028", "\\u2028")}\n`,
    );
  });
});
