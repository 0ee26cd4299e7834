import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
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
async function killedDuring(begun: readonly string[], ended: readonly string[] = [], alone = false): Promise<void> {
  const program = `
    import { fileCache } from ${JSON.stringify(CACHE)};
    const cache = fileCache(${JSON.stringify(folder)}, "mine");
    await cache.takeDeath("");
    const ends = new Map(${JSON.stringify(begun)}.map((key) => [key, cache.begin(key, ${alone})]));
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
    const deaths = await Promise.all(["a", "b", "c", "a"].map((key) => cache.takeDeath(key)));
    expect(deaths).toEqual(["beside", undefined, "beside", undefined]);
  });

  test("is as bad as the worst of it, as long as no process comes to its end", async () => {
    await killedDuring(["a"], [], true);
    await killedDuring(["b", "a"]);
    const cache = fileCache(folder, "mine");
    expect([await cache.takeDeath("a"), await cache.takeDeath("b")]).toEqual(["alone", "beside"]);
  });

  test("is forgotten when what was made of it is saved, and so are the notes of a process that ends well", async () => {
    await killedDuring(["a"]);
    const cache = fileCache(folder, "mine");
    expect(await cache.takeDeath("a")).toBe("beside");
    const end = cache.begin("b", false);
    expect(left()).toHaveLength(2);
    end();
    await cache.write("b", "built");
    await cache.save();
    expect(left()).toEqual([]);
    expect(await fileCache(folder, "mine").takeDeath("a")).toBeUndefined();
  });

  test("leaves nothing where a process only looked, saved nothing, and ended as it should", async () => {
    const cache = fileCache(folder, "mine");
    cache.begin("a", false)();
    const end = cache.begin("b", false);
    expect(left()).toHaveLength(1);
    await cache.close();
    end();
    cache.begin("c", false);
    expect(left()).toEqual([]);
  });

  test("is known from the second pass on, too", async () => {
    const cache = fileCache(folder, "mine");
    await cache.takeDeath("");
    const ends = ["a", "b", "c"].map((key) => cache.begin(key, false));
    for (const end of ends) end();
    await cache.write("a", "built");
    await cache.save();
    cache.begin("d", true);
    // This process lives, so the note is given to one that does not.
    const [note = ""] = left();
    renameSync(join(folder, note), join(folder, note.replace(`.${process.pid}.`, ".999999999.")));
    expect(await fileCache(folder, "mine").takeDeath("d")).toBe("alone");
  });

  test("is no business of another cache, another host, nor a process that lives", async () => {
    await killedDuring(["a"]);
    expect(await fileCache(folder, "other").takeDeath("a")).toBeUndefined();
    const [note = ""] = left();
    renameSync(join(folder, note), join(folder, note.replace(`.${hostname()}.`, `.${hostname()}.elsewhere.`)));
    const living = spawn(process.execPath, ["--eval", "setTimeout(() => undefined, 60_000)"]);
    writeFileSync(join(folder, note.replace(/\.\d+\.([0-9a-f]+)$/, `.${living.pid}.$1`)), "beside a\n");
    const cache = fileCache(folder, "mine");
    expect(await cache.takeDeath("a")).toBeUndefined();
    await cache.write("b", "built");
    await cache.save();
    expect(left()).toHaveLength(2);
    living.kill();
  });

  test("a folder that cannot be written is no failure", async () => {
    writeFileSync(join(folder, "file"), "");
    const cache = fileCache(join(folder, "file"), "mine");
    const end = cache.begin("a", false);
    end();
    expect(await cache.takeDeath("a")).toBeUndefined();
  });
});
