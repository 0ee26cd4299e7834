import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileCache } from "../../src/cli/build-cache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "under-way-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CACHE = join(import.meta.dirname, "../../src/cli/build-cache.ts");

/** Another process that begins these builds, ends some of them, and is killed. */
async function killedDuring(begun: readonly string[], ended: readonly string[] = []): Promise<void> {
  const program = `
    import { fileCache } from ${JSON.stringify(CACHE)};
    const cache = fileCache(${JSON.stringify(folder)}, "mine");
    await cache.takeDeaths("");
    const ends = new Map(${JSON.stringify(begun)}.map((key) => [key, cache.begin(key)]));
    for (const key of ${JSON.stringify(ended)}) ends.get(key)();
    process.kill(process.pid, "SIGKILL");
  `;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program]);
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
}

const left = (): readonly string[] => readdirSync(folder).filter((name) => name.includes(".building."));

describe("what was being built when a process was killed", () => {
  test("is known to the next one, and answered once", async () => {
    await killedDuring(["a", "b", "c"], ["b"]);
    const cache = fileCache(folder, "mine");
    const deaths = await Promise.all(["a", "b", "c", "a"].map((key) => cache.takeDeaths(key)));
    expect(deaths).toEqual([1, 0, 1, 0]);
  });

  test("adds up as long as no process comes to its end", async () => {
    await killedDuring(["a"]);
    await killedDuring(["b", "a"]);
    const cache = fileCache(folder, "mine");
    expect([await cache.takeDeaths("a"), await cache.takeDeaths("b")]).toEqual([2, 1]);
  });

  test("is forgotten when what was made of it is saved, and so are the notes of a process that ends well", async () => {
    await killedDuring(["a"]);
    const cache = fileCache(folder, "mine");
    expect(await cache.takeDeaths("a")).toBe(1);
    const end = cache.begin("b");
    expect(left()).toHaveLength(2);
    end();
    await cache.write("b", "built");
    await cache.save();
    expect(left()).toEqual([]);
    expect(await fileCache(folder, "mine").takeDeaths("a")).toBe(0);
  });

  test("is no business of another cache, nor of a process that lives", async () => {
    await killedDuring(["a"]);
    expect(await fileCache(folder, "other").takeDeaths("a")).toBe(0);
    const living = fileCache(folder, "mine");
    living.begin("a");
    await fileCache(folder, "mine").takeDeaths("a");
    expect(left()).toHaveLength(2);
  });

  test("a folder that cannot be written is no failure", async () => {
    writeFileSync(join(folder, "file"), "");
    const cache = fileCache(join(folder, "file"), "mine");
    const end = cache.begin("a");
    end();
    expect(await cache.takeDeaths("a")).toBe(0);
  });
});
