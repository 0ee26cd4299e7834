import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { type Call, killGroup, start } from "./process.ts";

/** An object as it was read; its bytes have the hash that its id says. */
interface GitObject {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Why an object could not be read: it is not there, or what is there is not it. */
export type Unreadable = "missing" | "damaged";

export interface ObjectReader {
  /** Reads objects in one go, in the order of the ids. Ends at the call's deadline; rejects when the signal aborts. */
  read(ids: readonly string[], signal: AbortSignal): Promise<readonly (GitObject | Unreadable)[]>;
  /** Sizes in bytes, without reading. */
  sizes(ids: readonly string[], signal: AbortSignal): Promise<readonly (number | Unreadable)[]>;
  /** Ends its processes; what is asked and not answered yet is `missing`. */
  close(): void;
}

/**
 * Reads objects through two long-lived processes, `git cat-file --batch` and `--batch-check`, started when first needed
 * and again after one died. Content is checked against its id here, because git checks it only when it fetches.
 */
export function openReader(call: Call): ObjectReader {
  const contents = openBatch(call, "--batch");
  const headers = openBatch(call, "--batch-check");
  return {
    async read(ids, signal) {
      const answers = await contents.ask(ids, signal);
      return answers.map((answer, index) => {
        if (typeof answer === "string") return answer;
        const { type, bytes } = answer;
        return bytes !== undefined && hashOf(type, bytes, ids[index] ?? "") === ids[index]
          ? { type, bytes }
          : "damaged";
      });
    },
    async sizes(ids, signal) {
      const answers = await headers.ask(ids, signal);
      return answers.map((answer) => (typeof answer === "string" ? answer : answer.size));
    },
    close() {
      contents.close();
      headers.close();
    },
  };
}

function hashOf(type: string, bytes: Buffer, id: string): string {
  const hash = createHash(id.length === 64 ? "sha256" : "sha1");
  return hash.update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

interface Answer {
  readonly type: string;
  readonly size: number;
  readonly bytes?: Buffer;
}

interface Batch {
  ask(ids: readonly string[], signal: AbortSignal): Promise<readonly (Answer | Unreadable)[]>;
  close(): void;
}

/** What one question to the process still waits for. */
interface Asked {
  readonly ids: readonly string[];
  readonly answers: (Answer | Unreadable)[];
  readonly done: () => void;
}

function openBatch(call: Call, mode: "--batch" | "--batch-check"): Batch {
  let child: ChildProcessWithoutNullStreams | undefined;
  let queue: Asked[] = [];
  let closed = false;

  const begin = (): ChildProcessWithoutNullStreams => {
    if (child !== undefined) return child;
    const process = start(call, ["cat-file", mode]);
    const parse = answerParser(mode === "--batch", (answer) => {
      const [asked] = queue;
      if (asked === undefined) return;
      asked.answers.push(answer);
      if (asked.answers.length < asked.ids.length) return;
      queue.shift();
      asked.done();
    });
    const died = (): void => {
      if (child !== process) return;
      child = undefined;
      const waiting = queue;
      queue = [];
      waiting[0]?.answers.push("damaged"); // git died of it; the others have only to ask again
      for (const asked of waiting) asked.done();
    };
    process.stdout.on("data", (chunk: Buffer) => {
      if (!parse(chunk)) killGroup(process.pid);
    });
    process.stderr.resume();
    process.stdin.on("error", () => {}); // the end of the process is told by `close`
    process.on("error", died);
    process.on("close", died);
    child = process;
    return process;
  };

  /**
   * Asks once. The answers end early when the process died: git dies of an object that it cannot read. Who aborts only
   * stops waiting, since others may have questions to the same process; who runs out of time ends it.
   */
  const askOnce = async (ids: readonly string[], signal: AbortSignal): Promise<(Answer | Unreadable)[]> => {
    signal.throwIfAborted();
    const deadline = call.clock.deadline(call.timeoutMs, signal);
    const process = begin();
    const answers: (Answer | Unreadable)[] = [];
    let stop = (): void => {};
    try {
      await new Promise<void>((resolve) => {
        stop = () => {
          if (deadline.expired()) killGroup(process.pid);
          else resolve();
        };
        deadline.signal.addEventListener("abort", stop, { once: true });
        queue.push({ ids, answers, done: resolve });
        process.stdin.write(`${ids.join("\n")}\n`);
      });
      signal.throwIfAborted();
      return answers;
    } finally {
      deadline.signal.removeEventListener("abort", stop);
      deadline.release();
    }
  };

  return {
    async ask(ids, signal) {
      const all: (Answer | Unreadable)[] = [];
      while (all.length < ids.length) {
        if (closed) return ids.map((_, index) => all[index] ?? "missing");
        all.push(...(await askOnce(ids.slice(all.length), signal)));
        if (all.filter((answer) => answer === "damaged").length > DEATHS_MAX)
          while (all.length < ids.length) all.push("damaged");
      }
      return all;
    },
    close() {
      closed = true;
      child?.stdin.end();
      killGroup(child?.pid);
    },
  };
}

/** After so many deaths in one question the rest is taken for damaged: it is the repository, not one object. */
const DEATHS_MAX = 32;

/**
 * Parses cat-file's answers as they arrive: `<id> <type> <size>\n`, then in content mode the bytes and a newline, or
 * `<id> missing\n`. The function returned takes the next chunk and is false when it is no such answer.
 */
function answerParser(content: boolean, emit: (answer: Answer | Unreadable) => void): (chunk: Buffer) => boolean {
  let head = "";
  let body: { readonly type: string; readonly bytes: Buffer; filled: number } | undefined;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body !== undefined) {
        const count = chunk.copy(body.bytes, body.filled, at, at + body.bytes.length - body.filled);
        at += count;
        body.filled += count;
        if (body.filled < body.bytes.length) return true;
        if (at === chunk.length) return true; // the newline comes with the next chunk
        at += 1;
        emit({ type: body.type, size: body.bytes.length, bytes: body.bytes });
        body = undefined;
        continue;
      }
      const newline = chunk.indexOf(10, at);
      head += chunk.toString("latin1", at, newline < 0 ? chunk.length : newline);
      if (newline < 0) return head.length < 1000;
      at = newline + 1;
      const [, type = "", size = ""] = head.split(" ");
      head = "";
      if (type === "missing" || type === "ambiguous") emit("missing");
      else if (!/^(?:blob|tree|commit|tag)$/.test(type) || !/^\d+$/.test(size)) return false;
      else if (!content) emit({ type, size: Number(size) });
      else body = { type, bytes: Buffer.allocUnsafeSlow(Number(size)), filled: 0 };
    }
    return true;
  };
}
