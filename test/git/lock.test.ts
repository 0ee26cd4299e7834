import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { takeLock } from "../../src/git/lock.ts";
import { patient, scratch } from "../support/git-server-source.ts";

const clock = systemClock();
const take = (folder: string, waitMs: number) => takeLock(folder, waitMs, 60_000, clock, patient);

test("one holder at a time, however many ask", async () => {
  const folder = scratch();
  let inside = 0;
  let most = 0;
  const rounds = Array.from({ length: 12 }, async () => {
    const lock = await take(folder, 60_000);
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    await lock?.release();
    return lock !== undefined;
  });
  expect(await Promise.all(rounds)).toEqual(Array(12).fill(true));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toHaveLength(1); // what came before is swept away
});

test("a lock that is held is waited for, then given up", async () => {
  const folder = scratch();
  const lock = await take(folder, 0);
  expect(await take(folder, 0)).toBeUndefined();
  await lock?.release();
  expect(await take(folder, 0)).toBeDefined();
});

const here = {
  nonce: "x",
  host: hostname(),
  pid: process.pid,
  bootId: "",
  pidNamespace: "",
  startTime: "",
  untilMs: 0,
};

test.each([
  ["nobody that is readable", "half a l"],
  ["a process of an earlier boot", JSON.stringify({ ...here, ...now(), bootId: "earlier" })],
  ["a process that has ended", JSON.stringify({ ...here, ...now(), pid: 2 ** 30 })],
  ["an earlier process of the same pid", JSON.stringify({ ...here, ...now(), startTime: "1" })],
  ["another machine, and its time is over", JSON.stringify({ ...here, host: "elsewhere", untilMs: 1 })],
])("a lock of %s is taken over", async (_name, text) => {
  const folder = scratch();
  writeFileSync(join(folder, "lock.41"), text);
  expect(await take(folder, 0)).toBeDefined();
  expect(readdirSync(folder)).toEqual(["lock.42"]);
});

test("a lock of another machine whose time is not over is respected", async () => {
  const folder = scratch();
  writeFileSync(
    join(folder, "lock.1"),
    JSON.stringify({ ...here, host: "elsewhere", untilMs: clock.nowMs() + 60_000 }),
  );
  expect(await take(folder, 0)).toBeUndefined();
});

function now(): { readonly bootId: string; readonly pidNamespace: string } {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return { bootId, pidNamespace: readlinkSync("/proc/self/ns/pid") };
}
