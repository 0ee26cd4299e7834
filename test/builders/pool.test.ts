import { afterEach, describe, expect, test } from "vitest";
import {
  BUILDERS_DEFAULTS,
  type BuildAnswer,
  type Builders,
  openBuilders,
  type TreeSource,
} from "../../src/builders/index.ts";
import { systemClock } from "../../src/clock.ts";

/** A worker that does what the folder's name says; the pool is the same for whatever it runs. */
const WORKER = `
const { parentPort, workerData } = require("node:worker_threads");
let builds = 0;
parentPort.on("message", ({ folder }) => {
  builds += 1;
  if (folder.startsWith("loop")) for (;;);
  if (folder === "sleep") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (folder === "throw") throw new Error("an unforeseen thing\\nwith more lines");
  if (folder === "exit") process.exit(7);
  if (folder === "last words") setTimeout(() => process.exit(7));
  if (folder === "hoard") { const all = []; for (;;) all.push(new Array(1000).fill({ a: all.length })); }
  parentPort.postMessage({ ok: true, objects: [], footprint: [["folder", folder], ["builds", String(builds)]] });
});
parentPort.postMessage("ready");
`;

const source: TreeSource = { key: "root", listing: "", blobs: async () => new Map() };
const never = new AbortController().signal;

let open: Builders | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

function builders(options: Partial<typeof BUILDERS_DEFAULTS> = {}): Builders {
  open = openBuilders({ ...BUILDERS_DEFAULTS, heapMb: 48, ...options, worker: WORKER }, systemClock());
  return open;
}

const job = (folder: string, onLate?: () => void) => ({
  service: folder,
  folder,
  source,
  options: { loadRestrictions: "rootOnly", generate: false } as const,
  ...(onLate === undefined ? {} : { onLate }),
});

const built = (answer: BuildAnswer): string => (answer.ok ? String(answer.footprint[0]?.[1]) : "");
const code = (answer: BuildAnswer): string => (answer.ok ? "" : (answer.failures[0]?.code ?? "?"));

describe("the builders", () => {
  test("answer each job with its own result, on one thread as long as nobody waits for long", async () => {
    const pool = builders({ threads: 2, growAfterMs: 60_000 });
    const folders = Array.from({ length: 50 }, (_, index) => `ok-${index}`);
    const answers = await Promise.all(folders.map((folder) => pool.build(job(folder), never)));
    expect(answers.map(built)).toEqual(folders);
    expect(pool.state()).toEqual({ threads: 1, running: 0, waiting: 0, killed: 0 });
  });

  test("take another thread for a build that waits for long", async () => {
    const pool = builders({ threads: 2, growAfterMs: 20, patienceMs: 20_000, deadlineMs: 20_000 });
    const [slow, quick] = [new AbortController(), pool.build(job("ok"), never)];
    const stopped = pool.build(job("sleep"), slow.signal);
    await quick;
    expect(built(await pool.build(job("ok-2"), never))).toBe("ok-2");
    expect(pool.state()).toMatchObject({ threads: 2, running: 1 });
    slow.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
  });

  test("stop a build at its deadline, say so, and go on with a fresh thread", async () => {
    const pool = builders({ threads: 1, deadlineMs: 300 });
    const poisoned = pool.build(job("loop"), never);
    const good = pool.build(job("ok"), never);
    expect(code(await poisoned)).toBe("build/deadline");
    expect(built(await good)).toBe("ok");
    expect(pool.state()).toMatchObject({ threads: 1, running: 0, waiting: 0 });
  });

  test("stop a build that sleeps", async () => {
    const pool = builders({ threads: 1, deadlineMs: 200 });
    expect(code(await pool.build(job("sleep"), never))).toBe("build/deadline");
    expect(built(await pool.build(job("ok"), never))).toBe("ok");
  });

  test("D7 contain a build that needs more memory than a thread may have", async () => {
    const pool = builders({ threads: 1 });
    expect(code(await pool.build(job("hoard"), never))).toBe("build/out-of-memory");
    expect(built(await pool.build(job("ok"), never))).toBe("ok");
  });

  test("D18 contain a crash and an exit, in one line each", async () => {
    const pool = builders({ threads: 1 });
    const [thrown, exited] = await Promise.all([pool.build(job("throw"), never), pool.build(job("exit"), never)]);
    expect(thrown).toMatchObject({
      ok: false,
      failures: [
        { code: "build/crashed", message: "the build ended unexpectedly: an unforeseen thing", at: { path: "throw" } },
      ],
    });
    expect(code(exited)).toBe("build/crashed");
    expect(built(await pool.build(job("ok"), never))).toBe("ok");
  });

  test.each([
    ["dies as it starts", "this is no program"],
    // As Node does for one thread more than the process may have.
    ["is refused", 7 as unknown as string],
  ])("answer that no build ran where the thread %s, every time", async (_how, worker) => {
    open = openBuilders({ ...BUILDERS_DEFAULTS, worker }, systemClock());
    expect(code(await open.build(job("a"), never))).toBe("build/not-started");
    expect(code(await open.build(job("b"), never))).toBe("build/not-started");
    expect(open.state()).toMatchObject({ threads: 0, running: 0, waiting: 0 });
  });

  test("start another thread for one that ended while nothing ran on it", async () => {
    const pool = builders({ threads: 1 });
    expect(built(await pool.build(job("last words"), never))).toBe("last words");
    await expect.poll(() => pool.state().threads).toBe(0);
    expect(built(await pool.build(job("ok"), never))).toBe("ok");
  });

  test("let a build that takes long make way for those that wait, and try it again after them", async () => {
    const pool = builders({ threads: 1, patienceMs: 50, deadlineMs: 500 });
    const order: string[] = [];
    const run = async (folder: string): Promise<void> => {
      const answer = await pool.build(
        job(folder, () => order.push(`${folder} is slow`)),
        never,
      );
      order.push(`${folder} ${answer.ok ? "built" : code(answer)}`);
    };
    await Promise.all(["loop", "a", "b", "c"].map(run));
    expect(order).toEqual(["loop is slow", "a built", "b built", "c built", "loop build/deadline"]);
  });

  test("let those that wait go before a folder with a huge file, without stopping it", async () => {
    const pool = builders({ threads: 1, heavyBytes: 1000 });
    const sized = (folder: string, size: number): string =>
      [`040000 ${folder} - ${folder}`, `100644 ${folder}1 ${size} ${folder}/all.yaml`]
        .map((line) => `${line}\0`)
        .join("");
    const listing = [sized("first", 9), sized("heavy", 1001), sized("light", 1000)].join("");
    const order: string[] = [];
    const run = async (folder: string): Promise<void> => {
      const told = job(folder, () => order.push(`${folder} is late`));
      await pool.build({ ...told, source: { ...source, key: "sized", listing } }, never);
      order.push(folder);
    };
    await Promise.all(["first", "heavy", "light"].map(run));
    expect(order).toEqual(["heavy is late", "first", "light", "heavy"]);
    await run("heavy");
    expect(order.slice(4), "nobody else waits").toEqual(["heavy"]);
    expect(pool.state().killed).toBe(0);
  });

  test("stop a build that hangs for a folder with a huge file, too", async () => {
    const pool = builders({ threads: 1, heavyBytes: 1000, patienceMs: 50, deadlineMs: 20_000 });
    const listing = "040000 heavy - heavy\u0000100644 heavy1 1001 heavy/all.yaml\u0000";
    const hang = new AbortController();
    const hanging = pool.build(job("loop"), hang.signal);
    const heavy = { ...job("heavy"), source: { ...source, key: "sized", listing } };
    expect(built(await pool.build(heavy, never))).toBe("heavy");
    hang.abort(new Error("enough"));
    await expect(hanging).rejects.toThrow("enough");
  });

  test("one that goes last is late before it begins, and runs when nothing else does", async () => {
    const pool = builders({ threads: 2, growAfterMs: 1 });
    const order: string[] = [];
    let beside = 0;
    let most = 0;
    const told = (folder: string, last: boolean) => ({
      ...job(folder, () => order.push(`${folder} is late`)),
      last,
      onRun: () => {
        beside += 1;
        most = last ? Math.max(most, beside) : most;
        return () => (beside -= 1);
      },
    });
    const build = (folder: string, last: boolean): Promise<unknown> =>
      pool.build(told(folder, last), never).then(() => order.push(folder));
    await Promise.all([
      build("a", false),
      build("suspect", true),
      build("another", true),
      build("b", false),
      build("c", false),
    ]);
    expect(order.slice(0, 2)).toEqual(["suspect is late", "another is late"]);
    expect(order.slice(-2).toSorted()).toEqual(["another", "suspect"]);
    expect([most, beside]).toEqual([1, 0]);
  });

  test("one that goes last takes the place of nobody: a build that takes long is through before it begins", async () => {
    const pool = builders({ threads: 2, growAfterMs: 20, patienceMs: 40, deadlineMs: 400 });
    const order: string[] = [];
    const build = (folder: string, last: boolean): Promise<unknown> =>
      pool.build({ ...job(folder), last }, never).then(() => order.push(folder));
    await Promise.all([build("loop-sound", false), build("suspect", true), build("loop-another", true)]);
    expect(order).toEqual(["loop-sound", "suspect", "loop-another"]);
  });

  test("one that goes last and is not waited for never begins", async () => {
    const pool = builders();
    const tooLong = new AbortController();
    const begun: string[] = [];
    const onRun = () => {
      begun.push("run");
      return () => undefined;
    };
    const suspect = { ...job("suspect", () => tooLong.abort(new Error("not now"))), last: true, onRun };
    await expect(pool.build(suspect, tooLong.signal)).rejects.toThrow("not now");
    await pool.build(job("a"), never);
    expect(begun).toEqual([]);
  });

  test("tell that a build is slow, once, but do not stop it while nobody waits", async () => {
    const pool = builders({ threads: 1, patienceMs: 20, deadlineMs: 300 });
    let told = 0;
    expect(
      code(
        await pool.build(
          job("loop", () => (told += 1)),
          never,
        ),
      ),
    ).toBe("build/deadline");
    expect(told).toBe(1);
    expect(pool.state().killed).toBe(1);
  });

  test("end a build whose caller gives up, waiting or running, with the caller's reason", async () => {
    const pool = builders({ threads: 1 });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = pool.build(job("loop"), running.signal);
    const second = pool.build(job("loop-2"), waiting.signal);
    const third = pool.build(job("ok"), never);
    waiting.abort(new Error("not needed"));
    await expect(second).rejects.toThrow("not needed");
    running.abort(new Error("shutting down"));
    await expect(first).rejects.toThrow("shutting down");
    expect(built(await third)).toBe("ok");
    await expect(pool.build(job("ok"), AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });

  test("reject what is under way when they are closed, and end their threads", async () => {
    const pool = builders({ threads: 2 });
    const jobs = ["loop", "loop", "ok"].map((folder) => pool.build(job(folder), never));
    const settled = Promise.allSettled(jobs);
    await pool.close();
    expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(pool.state()).toMatchObject({ threads: 0, running: 0, waiting: 0 });
    await expect(pool.build(job("ok"), never)).rejects.toThrow("closed");
  });

  test("give 100 good builds their results beside 10 poisoned ones", async () => {
    const pool = builders({ threads: 2, patienceMs: 100, deadlineMs: 2_000 });
    const bad = ["loop", "hoard", "exit", "throw", "sleep"];
    const folders = Array.from({ length: 110 }, (_, index) =>
      index % 11 === 5 ? bad[((index - 5) / 11) % 5] : `ok-${index}`,
    );
    const answers = await Promise.all(folders.map((folder) => pool.build(job(folder ?? ""), never)));
    const good = folders.flatMap((folder, index) =>
      folder?.startsWith("ok") ? [[folder, answers[index]] as const] : [],
    );
    expect(good.map(([folder, answer]) => answer !== undefined && built(answer) === folder)).toEqual(
      Array(100).fill(true),
    );
    expect(answers.filter(({ ok }) => !ok)).toHaveLength(10);
    expect(pool.state()).toMatchObject({ running: 0, waiting: 0 });
    await Promise.all([pool.build(job("ok-a"), never), pool.build(job("ok-b"), never)]);
    expect(pool.state().threads).toBe(2);
  });
});
