import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { workerSource } from "../../scripts/bundle.mjs";
import {
  BUILDERS_DEFAULTS,
  type BuildAnswer,
  type Builders,
  type BuildersOptions,
  openBuilders,
  type TreeSource,
} from "../../src/builders/index.ts";
import { systemClock } from "../../src/clock.ts";
import type { Tree } from "../../src/model/index.ts";
import { listingOf, memoryTree } from "../support/disk-tree.ts";

/** Real threads running the real engine, as bundled into the program. */
let worker = "";
beforeAll(async () => {
  worker = await workerSource();
});

let open: Builders | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

function builders(options: Partial<BuildersOptions> = {}): Builders {
  open = openBuilders({ ...BUILDERS_DEFAULTS, ...options, worker }, systemClock());
  return open;
}

const never = new AbortController().signal;

/** A tree as the builders get it; `asked` notes which blobs were read. */
function sourceOf(tree: Tree, asked: string[] = []): TreeSource {
  const { text, paths } = listingOf(tree);
  return {
    key: tree.entry("")?.id ?? "",
    listing: text,
    blobs: async (ids) =>
      new Map(
        ids.map((id) => {
          const path = paths.get(id) ?? "";
          const entry = tree.entry(path);
          if (entry === undefined) throw new Error(`no object ${id}`);
          asked.push(path);
          return [id, tree.read(entry)] as const;
        }),
      ),
  };
}

type Files = Readonly<Record<string, string | { readonly symlink: string }>>;

const build = (pool: Builders, source: TreeSource, folder: string, signal = never): Promise<BuildAnswer> =>
  pool.build({ service: folder, folder, source, options: { loadRestrictions: "rootOnly", generate: false } }, signal);

const codes = (answer: BuildAnswer): readonly string[] => (answer.ok ? [] : answer.failures.map(({ code }) => code));

const configMap = (name: string, data = "a: b"): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: {${data}}\n`;

/** A service of two objects. */
const good = (folder: string): Files => ({
  [`${folder}/kustomization.yaml`]: `namespace: ${folder}\nresources: [one.yaml, two.yaml]\n`,
  [`${folder}/one.yaml`]: configMap("one"),
  [`${folder}/two.yaml`]: configMap("two", `service: ${folder}`),
});

/** Folders that include each other twice, level by level: 2^levels ways to the last one. */
function diamond(folder: string, levels: number): Files {
  const files: Record<string, string> = { [`${folder}/leaf/kustomization.yaml`]: "resources: []\nnamePrefix: x-\n" };
  for (let level = 0; level < levels; level += 1) {
    const below = level === 0 ? ["../leaf"] : ["a", "b"].map((side) => `../${level - 1}${side}`);
    for (const side of ["a", "b"]) {
      files[`${folder}/${level}${side}/kustomization.yaml`] =
        `namePrefix: ${side}-\nresources: [${below.join(", ")}]\n`;
    }
  }
  files[`${folder}/kustomization.yaml`] = `resources: [${levels - 1}a, ${levels - 1}b]\n`;
  return files;
}

/** Ten levels of ten references each: ten thousand million values from a kilobyte. */
const BOMB = Array.from({ length: 10 }, (_, level) =>
  level === 0
    ? "l0: &l0 [x]"
    : `l${level}: &l${level} [${Array(10)
        .fill(`*l${level - 1}`)
        .join(", ")}]`,
).join("\n");

const POISON: Readonly<Record<string, { readonly files: Files; readonly code: string }>> = {
  "a YAML bomb": {
    code: "build/too-large",
    files: {
      "bad/kustomization.yaml": "resources: [bomb.yaml]\n",
      "bad/bomb.yaml": `${configMap("bomb")}spec:\n  ${BOMB.replaceAll("\n", "\n  ")}\n`,
    },
  },
  "folders that multiply": { code: "build/too-large", files: diamond("bad", 40) },
  "a circle of folders": {
    code: "build/cycle",
    files: { "bad/kustomization.yaml": "resources: [../other]\n", "other/kustomization.yaml": "resources: [../bad]\n" },
  },
  "a path out of the repository": {
    code: "build/path-outside-repository",
    files: { "bad/kustomization.yaml": "resources: [../../../etc/passwd]\n" },
  },
  "a symlink out of the repository": {
    code: "build/symlink-outside-repository",
    files: { "bad/kustomization.yaml": "resources: [link.yaml]\n", "bad/link.yaml": { symlink: "../../etc/passwd" } },
  },
  "no YAML at all": { code: "build/malformed-yaml", files: { "bad/kustomization.yaml": "resources: [}\n" } },
};

describe("hostile input", () => {
  test.each(Object.entries(POISON))(
    "D3 %s is that service's failure, with its code and a place",
    async (_, { files, code }) => {
      const pool = builders();
      const source = sourceOf(memoryTree({ ...files, ...good("fine") }));
      const [bad, fine] = await Promise.all([build(pool, source, "bad"), build(pool, source, "fine")]);
      expect(codes(bad)).toContain(code);
      expect(bad.ok ? [] : bad.failures.filter(({ at, remedy }) => at === undefined || remedy === "")).toEqual([]);
      expect(fine.ok && fine.objects).toHaveLength(2);
      expect(pool.state().killed).toBe(0);
    },
  );

  test("D6 a file of 64 MiB is refused by its size, unread", async () => {
    const huge = new Uint8Array(64 * 1024 * 1024);
    const asked: string[] = [];
    const tree = memoryTree({ "bad/kustomization.yaml": "resources: [huge.yaml]\n", "bad/huge.yaml": huge });
    const answer = await build(builders(), sourceOf(tree, asked), "bad");
    expect(codes(answer)).toEqual(["build/too-large"]);
    expect(asked).toEqual(["bad/kustomization.yaml"]);
  });

  test("D6 50,000 objects in one service are too many, and no thread dies of them", async () => {
    const many = "kind: A\nmetadata: {name: a}\n---\n".repeat(50_000);
    const tree = memoryTree({ "bad/kustomization.yaml": "resources: [a.yaml]\n", "bad/a.yaml": many, ...good("fine") });
    const pool = builders();
    const [bad, fine] = await Promise.all([build(pool, sourceOf(tree), "bad"), build(pool, sourceOf(tree), "fine")]);
    expect(codes(bad)).toEqual(["build/too-large"]);
    expect(fine.ok && fine.objects).toHaveLength(2);
    expect(pool.state().killed).toBe(0);
  });

  test("D4 a build that never ends is stopped at its deadline", async () => {
    const unlimited = { fileBytes: 1e9, totalBytes: 1e12, objects: 1e9, files: 1e12, depth: 200 };
    const pool = builders({ limits: unlimited, deadlineMs: 400, threads: 1 });
    const source = sourceOf(memoryTree({ ...diamond("bad", 60), ...good("fine") }));
    const [bad, fine] = await Promise.all([build(pool, source, "bad"), build(pool, source, "fine")]);
    expect(codes(bad)).toEqual(["build/deadline"]);
    expect(fine.ok).toBe(true);
  });

  test("D7 a build that needs too much memory ends as that, and no other", async () => {
    const pool = builders({ heapMb: 40, threads: 1, limits: { ...BUILDERS_DEFAULTS.limits, objects: 1e9 } });
    const items = Array.from({ length: 60_000 }, (_, index) => configMap(`c-${index}`, "a: b, c: d, e: f, g: h"));
    const files = { "bad/kustomization.yaml": "resources: [all.yaml]\n", "bad/all.yaml": items.join("---\n") };
    const source = sourceOf(memoryTree({ ...files, ...good("fine") }));
    const [bad, fine] = await Promise.all([build(pool, source, "bad"), build(pool, source, "fine")]);
    expect(codes(bad)).toEqual(["build/out-of-memory"]);
    expect(fine.ok).toBe(true);
  });

  test("B13 keys that name a prototype are data, and change nothing for the builds that follow", async () => {
    const pool = builders({ threads: 1 });
    const odd = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: odd\ndata:\n  __proto__: kept\n  constructor: kept\n  toString: kept\n`;
    const tree = memoryTree({
      "odd/kustomization.yaml": "resources: [odd.yaml]\ncommonAnnotations: {valueOf: kept}\n",
      "odd/odd.yaml": odd,
      "worse/kustomization.yaml": "resources: [worse.yaml]\n__proto__: {polluted: true}\n",
      "worse/worse.yaml": "__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n",
      ...good("fine"),
    });
    const source = sourceOf(tree);
    const answer = await build(pool, source, "odd");
    const data = answer.ok ? answer.objects[0]?.manifest["data"] : undefined;
    expect(Object.entries(data ?? {})).toEqual([
      ["__proto__", "kept"],
      ["constructor", "kept"],
      ["toString", "kept"],
    ]);
    expect((await build(pool, source, "worse")).ok).toBe(false);
    const fine = await build(pool, source, "fine");
    expect(fine.ok && Object.keys(fine.objects[0]?.manifest ?? {}).sort()).toEqual([
      "apiVersion",
      "data",
      "kind",
      "metadata",
    ]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("integers of any size arrive exactly", async () => {
    const widget =
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {big: 9007199254740993, small: 7}\n";
    const tree = memoryTree({ "w/kustomization.yaml": "resources: [w.yaml]\n", "w/w.yaml": widget });
    const answer = await build(builders(), sourceOf(tree), "w");
    expect(answer.ok && answer.objects[0]?.manifest["spec"]).toEqual({ big: 9007199254740993n, small: 7 });
  });

  test("A6 content that cannot be had is said so, by path, and asked for again the next time", async () => {
    const tree = memoryTree({
      "app/kustomization.yaml": "resources: [../base]\n",
      "base/kustomization.yaml": "resources: []\n",
    });
    const whole = sourceOf(tree);
    let broken = true;
    const source: TreeSource = {
      ...whole,
      blobs: (ids, signal) => (broken ? Promise.reject(new Error("lost")) : whole.blobs(ids, signal)),
    };
    const pool = builders();
    const answer = await build(pool, source, "app");
    expect(answer).toMatchObject({
      ok: false,
      failures: [{ code: "source/unreadable-object", at: { path: "app/kustomization.yaml" } }],
    });
    broken = false;
    expect(await build(pool, source, "app")).toMatchObject({ ok: true, objects: [] });
  });

  test("100 good builds beside 10 poisoned ones all come out right", async () => {
    const files: Record<string, Files[string]> = {};
    for (let index = 0; index < 100; index += 1) Object.assign(files, good(`good-${index}`));
    const poisons = Object.values(POISON).map(({ files: bad }) => bad);
    for (let index = 0; index < 10; index += 1) {
      for (const [path, file] of Object.entries(poisons[index % poisons.length] ?? {}))
        files[`poison-${index}/${path}`] = file;
    }
    const source = sourceOf(memoryTree(files));
    const pool = builders({ patienceMs: 200, deadlineMs: 2_000 });
    const folders = Array.from({ length: 110 }, (_, index) =>
      index % 11 === 0 ? `poison-${index / 11}/bad` : `good-${index - Math.floor(index / 11) - 1}`,
    );
    const answers = await Promise.all(folders.map((folder) => build(pool, source, folder)));
    for (const [index, answer] of answers.entries()) {
      const folder = folders[index] ?? "";
      expect([folder, answer.ok]).toEqual([folder, folder.startsWith("good")]);
      if (!answer.ok) continue;
      expect(answer.objects.map(({ manifest }) => `${manifest.metadata.namespace}/${manifest.metadata.name}`)).toEqual([
        `${folder}/one`,
        `${folder}/two`,
      ]);
    }
    expect(pool.state()).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe("the worker's text", () => {
  test("asks Node for nothing that reaches files, the network or processes", () => {
    const required = new Set(
      [...worker.matchAll(/require\("([^"]+)"\)/g)].map(([, name = ""]) => name.replace(/^node:/, "")),
    );
    const allowed = ["worker_threads", "crypto", "buffer", "zlib", "process"];
    expect(required).toContain("worker_threads");
    expect([...required].filter((name) => !allowed.includes(name))).toEqual([]);
  });
});
