import { MessageChannel, Worker } from "node:worker_threads";
import type { BuildLimits } from "../kustomize/index.ts";
import { packBlobs } from "./blobs.ts";
import type { TreeSource } from "./job.ts";
import type { AskMessage, BuildAnswer, GiveMessage, JobMessage, ThreadMessage, ThreadSettings } from "./messages.ts";

/** How a job on a thread ended: with its answer, or with the end of the thread. */
export type Ending =
  | { readonly kind: "answer"; readonly answer: BuildAnswer }
  | { readonly kind: "died"; readonly outOfMemory: boolean; readonly message: string };

/** One worker thread: runs one job at a time, and can be killed in the middle of it. */
export interface Thread {
  /** Ids of the blobs that were sent to it; it may have dropped some since. */
  readonly sent: Set<string>;
  /** Resolves once it waits for work, or died before it could. */
  readonly started: Promise<void>;
  /** Never rejects, and does not end when the thread is killed by `kill`. */
  run(job: JobMessage, source: TreeSource, signal: AbortSignal): Promise<Ending>;
  dead(): boolean;
  kill(): Promise<void>;
}

export interface ThreadOptions {
  readonly source: string;
  readonly heapMb: number;
  readonly blobBytesMax: number;
  readonly limits: BuildLimits;
}

/** Young objects are part of the heap that a thread may have, and this much of it is enough for speed. */
const YOUNG_MB = 16;

/** More than this is not remembered: a blob sent twice costs less than a long list of ids. */
const SENT_MAX = 20_000;

export function startThread(options: ThreadOptions): Thread {
  const { port1: asks, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const settings: ThreadSettings = {
    asks: port2,
    answered: answered.buffer,
    blobBytesMax: options.blobBytesMax,
    limits: options.limits,
  };
  const worker = new Worker(options.source, {
    eval: true,
    workerData: settings,
    transferList: [port2],
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const sent = new Set<string>();
  let job: { readonly source: TreeSource; readonly signal: AbortSignal; end(ending: Ending): void } | undefined;
  let gone = false;
  let death: Ending | undefined;
  let ready: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (ready = resolve));

  const end = (ending: Ending): void => {
    const ended = job;
    job = undefined;
    worker.unref(); // an idle thread keeps no process alive
    ended?.end(ending);
  };
  const died = (outOfMemory: boolean, message: string): void => {
    gone = true;
    death ??= { kind: "died", outOfMemory, message };
    asks.close();
    ready();
    end(death);
  };
  worker.on("message", (message: ThreadMessage) => {
    if (message === "ready") ready();
    else end({ kind: "answer", answer: message });
  });
  worker.on("error", (cause: NodeJS.ErrnoException) => {
    died(cause.code === "ERR_WORKER_OUT_OF_MEMORY", cause.message.split("\n", 1)[0] ?? "");
  });
  worker.on("exit", (code) => died(false, `the build thread ended with ${code}`));
  asks.on("message", ({ ids }: AskMessage) => {
    if (job === undefined) return;
    void give(job.source, ids, job.signal).then((message) => {
      if (gone) return;
      asks.postMessage(message, "pack" in message ? [message.pack.bytes] : []);
      Atomics.add(answered, 0, 1);
      Atomics.notify(answered, 0);
    });
  });
  asks.unref();

  return {
    sent,
    started,
    dead: () => gone,
    run: (message, source, signal) =>
      new Promise((resolve) => {
        if (death !== undefined) {
          resolve(death);
          return;
        }
        job = { source, signal, end: resolve };
        worker.ref();
        if (sent.size > SENT_MAX) sent.clear();
        for (const id of message.pack.ids) sent.add(id);
        worker.postMessage(message, [message.pack.bytes]);
      }),
    async kill() {
      job = undefined;
      gone = true;
      asks.close();
      ready();
      await worker.terminate();
    },
  };
}

/** Content for a thread that waits for it. A failure is told, never thrown: the thread would wait for ever. */
async function give(source: TreeSource, ids: readonly string[], signal: AbortSignal): Promise<GiveMessage> {
  try {
    return { pack: packBlobs(await source.blobs(ids, signal)) };
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
}
