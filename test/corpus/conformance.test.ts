import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface Run {
  readonly exit: number;
  readonly out: string;
  readonly lastLine: string;
}

function conformance(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", "scripts/conformance.ts", ...args], (error, out) => {
      const exit = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exit, out, lastLine: out.trimEnd().split("\n").at(-1) ?? "" });
    });
  });
}

/** Some of the cases in fixtures/conformance, in a folder of their own. */
async function withCases(names: readonly string[], act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cases-"));
  try {
    for (const name of names) cpSync(join("fixtures/conformance", name), join(folder, name), { recursive: true });
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("npm run conformance", () => {
  test("passes when what must build comes out byte-equal, and what must fail does", async () => {
    await withCases(["equal", "must-fail"], async (folder) => {
      const { exit, out, lastLine } = await conformance(folder);
      expect([exit, lastLine]).toEqual([0, "2 passed, 0 failed, 0 refused"]);
      expect(out).toContain("byte-equal: 1 of 1 texts");
    });
  });

  test("passes with a refusal, and counts it", async () => {
    await withCases(["equal", "refused"], async (folder) => {
      const { exit, out, lastLine } = await conformance(folder);
      expect([exit, lastLine]).toEqual([0, "1 passed, 0 failed, 1 refused"]);
      expect(out).toContain("build/unsupported-remote");
    });
  });

  test("fails for other bytes, other documents, and a build where there must be none; and says why as JSON", async () => {
    await withCases(["other-bytes", "other-documents", "builds-but-must-not"], async (folder) => {
      const { exit, out } = await conformance(folder, "-o", "json");
      expect(exit).toBe(1);
      const { cases, totals } = JSON.parse(out) as { cases: readonly Record<string, unknown>[]; totals: string };
      expect(totals).toBe("0 passed, 3 failed, 0 refused");
      expect(cases.map(({ name, outcome, reason }) => [name, outcome, reason])).toEqual([
        ["builds-but-must-not", "failed", "must fail: it cannot be built"],
        ["other-bytes", "failed", "equal documents, other bytes"],
        ["other-documents", "failed", "the documents differ"],
      ]);
      expect(String(cases[2]?.["diff"])).toContain("-  level: info\n+  level: debug");
    });
  });

  test("cannot run on nothing: exit 2", async () => {
    await withCases([], async (folder) => {
      expect(await conformance(folder)).toMatchObject({ exit: 2, out: "" });
      expect(await conformance()).toMatchObject({ exit: 2, out: "" });
    });
  });
});
