import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../src/clock.ts";
import { type Lock, takeFile, takeLock } from "../src/lock.ts";
import { patient, scratch } from "./support/git-server-source.ts";

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

test("a lock whose release cannot be written, as on a full disk, is free all the same", async () => {
  const folder = scratch();
  const lock = await take(folder, 0);
  const { nonce } = JSON.parse(readFileSync(join(folder, "lock.1"), "utf8"));
  // What is to be written first stands in the way of itself.
  mkdirSync(join(folder, `draft.${nonce}`, "full"), { recursive: true });
  await lock?.release().catch(() => undefined);
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

describe("a lock that is one file", () => {
  const path = (): string => join(scratch(), "cluster.json.lock");
  const isLock = (taken: Awaited<ReturnType<typeof takeFile>>): taken is Lock => "release" in taken;

  test("is had by one process, told to others, and gone when it is released", async () => {
    const file = path();
    const lock = await takeFile(file, clock);
    expect(await takeFile(file, clock)).toMatchObject({
      kind: "held",
      file,
      holder: { pid: process.pid },
      isHere: true,
    });
    if (isLock(lock)) await lock.release();
    expect(readdirSync(dirname(file))).toEqual([]);
    expect(isLock(await takeFile(file, clock))).toBe(true);
    expect(readdirSync(dirname(file))).toEqual(["cluster.json.lock"]);
  });

  const gone = (nonce: string): string => JSON.stringify({ ...here, ...now(), nonce, pid: 2 ** 30 });
  test.each<[string, string, Readonly<Record<string, string>>]>([
    ["nobody that is readable", "half a l", {}],
    ["nobody that is readable, as somebody saw who died of it", "half a l", { ".unreadable": gone("b") }],
    ["a process of an earlier boot", JSON.stringify({ ...here, ...now(), bootId: "earlier" }), {}],
    ["a process that has ended", gone("a"), {}],
    ["an earlier process of the same pid", JSON.stringify({ ...here, ...now(), startTime: "1" }), {}],
    ["a process that has ended, as others saw that have ended", gone("a"), { ".a": gone("b"), ".a.b": gone("c") }],
  ])("of %s is had by exactly one of many that find it at the same moment", async (_name, text, others) => {
    for (let round = 0; round < 20; round += 1) {
      const file = path();
      writeFileSync(file, text);
      for (const [suffix, content] of Object.entries(others)) writeFileSync(file + suffix, content);
      const taken = await Promise.all(Array.from({ length: 8 }, () => takeFile(file, clock)));
      expect(taken.filter(isLock)).toHaveLength(1);
      expect(readdirSync(dirname(file))).toEqual(["cluster.json.lock"]);
      for (const lock of taken) if (isLock(lock)) await lock.release();
      expect(readdirSync(dirname(file))).toEqual([]);
    }
  });

  test("of a process that cannot be looked at is respected", async () => {
    const file = path();
    const elsewhere = { ...here, host: "elsewhere", untilMs: Number.MAX_SAFE_INTEGER };
    writeFileSync(file, JSON.stringify(elsewhere));
    expect(await takeFile(file, clock)).toEqual({ kind: "held", file, holder: elsewhere, isHere: false });
    expect(readdirSync(dirname(file))).toEqual(["cluster.json.lock"]);
  });

  test("of one who cannot be looked at, and who would replace a stale one, is named itself", async () => {
    const file = path();
    writeFileSync(file, gone("a"));
    const elsewhere = { ...here, pidNamespace: "pid:[1]", untilMs: Number.MAX_SAFE_INTEGER };
    writeFileSync(`${file}.a`, JSON.stringify(elsewhere));
    expect(await takeFile(file, clock)).toMatchObject({ kind: "held", file: `${file}.a`, isHere: false });
  });

  test.each<[string, string, (file: string) => void]>([
    ["that is a folder", "EISDIR", (file) => mkdirSync(file)],
    ["that is a link to nowhere", "ENOENT", (file) => symlinkSync("nowhere", file)],
    ["that is a link to itself", "ELOOP", (file) => symlinkSync(file, file)],
  ])("%s is told to be unreadable, and stays as it is", async (_name, code, make) => {
    const file = path();
    make(file);
    expect(await takeFile(file, clock)).toEqual({ kind: "unreadable", file, code });
    expect(readdirSync(dirname(file))).toEqual(["cluster.json.lock"]);
  });
});
