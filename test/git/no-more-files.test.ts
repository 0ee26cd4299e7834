import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROGRAM = `
import { openSync } from "node:fs";
import { systemClock } from "./src/clock.ts";
import { openReader } from "./src/git/object-reader.ts";
import { runLocal, runRemote } from "./src/git/process.ts";

const call = { gitPath: "git", folder: "/", environment: { PATH: process.env.PATH }, timeoutMs: 60_000, clock: systemClock() };
const { signal } = new AbortController();
await Promise.all([runLocal(call, ["version"], "", signal), runRemote(call, ["version"], signal)]);
try {
  for (;;) openSync("/dev/null", "r");
} catch {}
const reader = openReader(call);
const answers = [
  await runLocal(call, ["version"], "", signal),
  await runRemote(call, ["version"], signal),
  await reader.read("blob", ["a".repeat(40), "b".repeat(40)], signal),
];
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify(answers));
`;

test("a process that may open no more files goes on, and git is what fails", async () => {
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", PROGRAM];
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'ulimit -n 64; exec "$@"', "sh", ...node]);
  const [local, remote, read] = JSON.parse(stdout);
  expect(local).toMatchObject({ code: -1, stderr: expect.stringContaining("too many open files"), timedOut: false });
  expect(remote).toEqual(local);
  expect(read).toEqual(["damaged", "damaged"]);
});
