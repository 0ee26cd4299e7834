import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { podNamespaces } from "../../src/cli/pod-namespace.ts";

test("A8 the program knows the namespace of its own pod, and has none elsewhere", async () => {
  const dir = mkdtempSync(join(tmpdir(), "gitops-pod-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "namespace");
  expect(await podNamespaces(file)).toEqual([]);
  writeFileSync(file, "platform\n");
  expect(await podNamespaces(file)).toEqual(["platform"]);
  writeFileSync(file, "");
  expect(await podNamespaces(file)).toEqual([]);
});
