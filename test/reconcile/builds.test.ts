import { describe, expect, test } from "vitest";
import type { BuildAnswer, Builders, BuildJob } from "../../src/builders/index.ts";
import { DEFAULT_SETTINGS, ok, type Service, type TreeEntry } from "../../src/model/index.ts";
import { buildService } from "../../src/reconcile/builds.ts";
import { type Memory, newMemory } from "../../src/reconcile/memory.ts";
import type { BuildCache, Death } from "../../src/reconcile/pass-types.ts";
import type { OpenRevision } from "../../src/reconcile/revision.ts";
import { memoryTree } from "../support/disk-tree.ts";

const never = new AbortController().signal;
const service: Service = {
  id: "shop/cart",
  origin: "flux",
  folder: "cart",
  at: { path: "clusters/cart.yaml", line: 1 },
  why: "",
  settings: { ...DEFAULT_SETTINGS, dependsOn: [], intervalMs: 1, timeoutMs: 1 },
};

function memoryCache(): BuildCache & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    read: async (key) => entries.get(key),
    write: async (key, text) => void entries.set(key, text),
    save: async () => undefined,
    begin: () => () => undefined,
    takeDeath: async () => undefined,
  };
}

/** Builds the service with an engine that always answers the same, and says whether it was asked. */
async function build(
  cache: BuildCache,
  files: Readonly<Record<string, string>>,
  answer: BuildAnswer,
  engine = "one",
  memory?: Memory,
  onJob: (job: BuildJob) => void = () => undefined,
  heapMb = 256,
) {
  const builders: Pick<Builders, "engine" | "heapMb" | "build"> = {
    engine,
    heapMb,
    async build(job) {
      onJob(job);
      return answer;
    },
  };
  const tree = memoryTree(files);
  const below = (folder: string): readonly { path: string; entry: TreeEntry | undefined }[] =>
    Object.keys(files)
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => ({ path, entry: tree.entry(path) }));
  const content = (id: string): Uint8Array | undefined => {
    const path = Object.keys(files).find((one) => tree.entry(one)?.id === id);
    return path === undefined ? undefined : Buffer.from(files[path] ?? "");
  };
  const snapshot = { tree, files: below, content, blobs: async () => ok(undefined) };
  const revision = { snapshot, files: {} } as unknown as OpenRevision;
  const io = { builders: builders as Builders, cache, ...(memory === undefined ? {} : { memory }) };
  return buildService(io, revision, service, { onLate: () => undefined, signal: () => never });
}

const files = { "cart/kustomization.yaml": "resources: [cart.yaml]\n", "cart/cart.yaml": "kind: ConfigMap\n" };
const tree = memoryTree(files);
const footprint = [...Object.keys(files), "cart/kustomization.yml"].map((path): [string, string] => [
  path,
  tree.entry(path)?.id ?? "absent",
]);
const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cart" }, huge: 2n ** 60n };
const good: BuildAnswer = { ok: true, objects: [{ manifest, at: { path: "cart/cart.yaml", line: 1 } }], footprint };
const failing = (code: "build/cycle" | "build/deadline"): BuildAnswer => ({
  ok: false,
  failures: [{ code, message: "no", remedy: "mend it" }],
  footprint,
});

describe("a build that is known", () => {
  test("is not made again while its footprint stands, and is the same to the last digit", async () => {
    const cache = memoryCache();
    expect((await build(cache, files, good)).built).toBe(true);
    expect(await build(cache, { ...files, "other/file.yaml": "x" }, good)).toEqual({
      built: false,
      answer: good,
      changed: [],
    });
  });

  test("is a failure at its place where kustomize passes on what is no object", async () => {
    const at = { path: "cart/cart.yaml", line: 3 };
    const lacking = { kind: "ConfigMap", metadata: { name: "cart" } } as unknown as typeof manifest;
    const cache = memoryCache();
    const memory = newMemory();
    const bad: BuildAnswer = { ...good, objects: [...good.objects, { manifest: lacking, at }] };
    for (const built of [true, false, false]) {
      const known = await build(cache, files, bad, "one", memory);
      expect(known.built).toBe(built);
      expect(known.answer).toEqual({
        ok: false,
        footprint,
        failures: [
          {
            code: "build/invalid-object",
            message:
              "ConfigMap cart is no Kubernetes object: apiVersion is missing: it has to be a version like v1 or apps/v1",
            remedy: "correct it there, or in what changes it on its way",
            at,
          },
        ],
      });
    }
  });

  test.each([
    ["a file of it changed", { ...files, "cart/cart.yaml": "kind: Secret\n" }],
    ["a file of it is gone", { "cart/kustomization.yaml": files["cart/kustomization.yaml"] }],
    ["a file that it looked for has come", { ...files, "cart/kustomization.yml": "" }],
  ])("is made again when %s", async (_what, changed) => {
    const cache = memoryCache();
    await build(cache, files, good);
    expect((await build(cache, changed, good)).built).toBe(true);
  });

  test("D28 a known build is made again by another engine", async () => {
    const cache = memoryCache();
    await build(cache, files, good);
    expect((await build(cache, files, good, "two")).built).toBe(true);
  });

  test("that failed fails again without being made, unless the failure says nothing about the input", async () => {
    const [cycle, deadline] = [memoryCache(), memoryCache()];
    await build(cycle, files, failing("build/cycle"));
    expect(await build(cycle, files, good)).toEqual({
      built: false,
      answer: failing("build/cycle"),
      changed: [],
    });
    await build(deadline, files, failing("build/deadline"));
    expect((await build(deadline, files, good)).built).toBe(true);
  });

  test("D7 a build that was killed twice is not tried again until a file of it changes", async () => {
    const cache = memoryCache();
    const tried = async (now: Readonly<Record<string, string>>): Promise<boolean> =>
      (await build(cache, now, failing("build/deadline"))).built;
    expect([await tried(files), await tried(files), await tried(files), await tried(files)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const { answer } = await build(cache, files, good);
    expect(answer).toMatchObject({ ok: false, failures: [{ code: "reconcile/quarantined", at: service.at }] });
    const elsewhere = { ...files, "other/file.yaml": "x" };
    expect(await tried(elsewhere)).toBe(false);
    for (const mended of [
      { ...files, "cart/cart.yaml": "kind: Secret\n" },
      { ...files, "cart/new.yaml": "" },
    ]) {
      const copy = memoryCache();
      for (const [key, text] of cache.entries) copy.entries.set(key, text);
      expect((await build(copy, mended, good)).built).toBe(true);
    }
  });

  describe("D7 a process that is killed while it builds a service", () => {
    const after = (death: Death, from: BuildCache = memoryCache()): BuildCache => {
      const told = new Set<Death>([death]);
      return { ...from, takeDeath: async () => (told.delete(death) ? death : undefined) };
    };
    /** Whether the service was built, and as the last. */
    const asked = async (cache: BuildCache, answer: BuildAnswer = good, now = files, heapMb = 256): Promise<string> => {
      let how = "not built";
      await build(cache, now, answer, "one", undefined, (job) => (how = job.last === true ? "last" : "built"), heapMb);
      return how;
    };

    test("beside others: builds it last the next time, and like any other once it was built", async () => {
      const kept = memoryCache();
      const cache = after("beside", kept);
      expect(await asked(cache)).toBe("last");
      for (const key of kept.entries.keys()) if (!key.startsWith("killed-")) kept.entries.delete(key);
      expect(await asked(cache)).toBe("built");
    });

    test("by itself: does not build it any more, until a file of it changes or there is more memory", async () => {
      const kept = memoryCache();
      const cache = after("alone", kept);
      const { answer } = await build(cache, files, good);
      expect(answer).toMatchObject({ ok: false, failures: [{ code: "reconcile/quarantined", at: service.at }] });
      expect(JSON.stringify(answer)).toContain("gitops was killed while it built this and nothing else");
      expect(await asked(cache)).toBe("not built");
      const copy = memoryCache();
      for (const [key, text] of kept.entries) copy.entries.set(key, text);
      expect(await asked(copy, good, files, 512)).toBe("built");
      expect(await asked(cache, good, { ...files, "cart/cart.yaml": "kind: Secret\n" })).toBe("built");
    });

    test("is held against it apart from builds that had to be killed", async () => {
      const cache = after("beside");
      expect(await asked(cache, failing("build/deadline"))).toBe("last");
      expect(await asked(cache, failing("build/deadline"))).toBe("last");
      const { answer } = await build(cache, files, good);
      expect(JSON.stringify(answer)).toContain("had to be killed 2 times (build/deadline)");
    });
  });

  test("A6 a known build is made again when the cache was damaged in any place", async () => {
    const cache = memoryCache();
    await build(cache, files, good);
    const [[key, text] = ["", ""]] = cache.entries;
    for (const damaged of [text.slice(0, -1), text.replace("cart", "cort"), "", "x"]) {
      cache.entries.set(key, damaged);
      expect((await build(cache, files, good)).built).toBe(true);
    }
  });
});
