import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { type Call, killGroup, start } from "./process.ts";

/** An object as it was read; what it is made of has the hash that its id says. */
interface GitObject {
  readonly type: string;
  /** The beginning, as much as is kept; none of another type than was asked for. */
  readonly bytes: Buffer;
  /** Of all of it, bytes. */
  readonly size: number;
}

/**
 * How much is kept of all that one question asks for, bytes. Whoever commits decides how large commits and trees are, and they are
 * read before anything is known of them: of a longer commit the beginning is enough, and trees are asked for level by level, of which
 * one is hardly ever a megabyte. Blobs are asked for by those who know how large they are.
 */
export const KEPT_BYTES_MAX = { commit: 256 * 1024, tree: 128 * 1024 * 1024, blob: Number.POSITIVE_INFINITY } as const;

export type Wanted = keyof typeof KEPT_BYTES_MAX;

/** Why an object could not be read: it is not there, or what is there is not it. */
export type Unreadable = "missing" | "damaged";

export interface ObjectReader {
  /**
   * Reads objects of a type in one go, in the order of the ids. Ends at the call's deadline; rejects when the signal aborts.
   * What is of another type is told, and none of it is kept.
   */
  read(wanted: Wanted, ids: readonly string[], signal: AbortSignal): Promise<readonly (GitObject | Unreadable)[]>;
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
    async read(wanted, ids, signal) {
      const answers = await contents.ask(wanted, ids, signal);
      return answers.map((answer, index) => {
        if (typeof answer === "string") return answer;
        const { type, size, bytes, hash } = answer;
        return bytes !== undefined && hash === ids[index] ? { type, size, bytes } : "damaged";
      });
    },
    async sizes(ids, signal) {
      const answers = await headers.ask("blob", ids, signal);
      return answers.map((answer) => (typeof answer === "string" ? answer : answer.size));
    },
    close() {
      contents.close();
      headers.close();
    },
  };
}

interface Answer {
  readonly type: string;
  readonly size: number;
  readonly bytes?: Buffer;
  /** The id of what was read. */
  readonly hash?: string;
}

interface Batch {
  ask(wanted: Wanted, ids: readonly string[], signal: AbortSignal): Promise<readonly (Answer | Unreadable)[]>;
  close(): void;
}

/** What one question to the process still waits for. */
interface Asked {
  readonly wanted: Wanted;
  readonly ids: readonly string[];
  readonly answers: (Answer | Unreadable)[];
  /** Of all answers together, bytes. */
  kept: number;
  readonly done: () => void;
}

function openBatch(call: Call, mode: "--batch" | "--batch-check"): Batch {
  let child: ChildProcessWithoutNullStreams | undefined;
  let queue: Asked[] = [];
  let closed = false;

  const begin = (): ChildProcessWithoutNullStreams | undefined => {
    if (child !== undefined) return child;
    const process = start(call, ["cat-file", mode]);
    if (process === undefined) return undefined;
    const beginBody = (type: string, size: number): Body => {
      const [asked] = queue;
      const most = asked?.wanted === type ? KEPT_BYTES_MAX[asked.wanted] - asked.kept : 0;
      const bytes = Buffer.allocUnsafeSlow(Math.min(size, most));
      if (asked !== undefined) asked.kept += bytes.length;
      const hash = createHash(asked?.ids[asked.answers.length]?.length === 64 ? "sha256" : "sha1");
      return { type, size, bytes, hash: hash.update(`${type} ${size}\0`), filled: 0 };
    };
    const parse = answerParser(mode === "--batch" ? beginBody : undefined, (answer) => {
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
  const askOnce = async (
    wanted: Wanted,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(Answer | Unreadable)[]> => {
    signal.throwIfAborted();
    const process = begin();
    if (process === undefined) return ["damaged"]; // as when git dies of it
    const deadline = call.clock.deadline(call.timeoutMs, signal);
    const answers: (Answer | Unreadable)[] = [];
    let stop = (): void => {};
    try {
      await new Promise<void>((resolve) => {
        stop = () => {
          if (deadline.expired()) killGroup(process.pid);
          else resolve();
        };
        deadline.signal.addEventListener("abort", stop, { once: true });
        queue.push({ wanted, ids, answers, kept: 0, done: resolve });
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
    async ask(wanted, ids, signal) {
      const all: (Answer | Unreadable)[] = [];
      while (all.length < ids.length) {
        if (closed) return ids.map((_, index) => all[index] ?? "missing");
        all.push(...(await askOnce(wanted, ids.slice(all.length), signal)));
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

/** Content as it arrives: all of it is hashed, and some of it kept. */
interface Body {
  readonly type: string;
  readonly size: number;
  readonly bytes: Buffer;
  readonly hash: Hash;
  filled: number;
}

/**
 * Parses cat-file's answers as they arrive: `<id> <type> <size>\n`, then in content mode the bytes and a newline, or
 * `<id> missing\n`. `beginBody` is for content mode. The function returned takes the next chunk and is false when it is no such answer.
 */
function answerParser(
  beginBody: ((type: string, size: number) => Body) | undefined,
  emit: (answer: Answer | Unreadable) => void,
): (chunk: Buffer) => boolean {
  let head = "";
  let body: Body | undefined;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body !== undefined) {
        const part = chunk.subarray(at, at + body.size - body.filled);
        if (body.filled < body.bytes.length) part.copy(body.bytes, body.filled);
        body.hash.update(part);
        at += part.length;
        body.filled += part.length;
        if (body.filled < body.size) return true;
        if (at === chunk.length) return true; // the newline comes with the next chunk
        at += 1;
        const { type, size, bytes, hash } = body;
        body = undefined;
        emit({ type, size, bytes, hash: hash.digest("hex") });
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
      else if (beginBody === undefined) emit({ type, size: Number(size) });
      else body = beginBody(type, Number(size));
    }
    return true;
  };
}
