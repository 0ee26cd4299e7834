import { randomBytes } from "node:crypto";
import { link, mkdir, readdir, readFile, readlink, rename, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "./model/index.ts";

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** Who holds a lock: enough to tell whether that process still lives, here or elsewhere. */
export interface Holder {
  readonly nonce: string;
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly startTime: string;
  /** Wall time after which the lock no longer counts, for those who cannot look at the process. */
  readonly untilMs: number;
}

/** A lock that is not to be had. */
export type Held =
  | {
      readonly kind: "held";
      readonly file: string;
      readonly holder: Holder;
      /** Whether it can be told from here if that process still lives; not so on another host, or in another container. */
      readonly isHere: boolean;
    }
  /** It is there, and who has it cannot be read. `code` is what the system says. */
  | { readonly kind: "unreadable"; readonly file: string; readonly code: string };

const RELEASED = "released\n";
const POLL_MS = 100;
/** A lock that is there and gone again by turns is of a crowd, or is none: a link that points nowhere. */
const LOOKS_MAX = 1000;

/**
 * Takes the lock of a folder, waiting up to `waitMs` for another holder. Undefined when it is still held then.
 *
 * A lock is a file `lock.<n>`. The one with the highest number counts, and is never deleted while it is the highest; it
 * is free when it says so or when its holder is dead. To take it is to create `lock.<n+1>`, which one process can. One
 * that comes late, with a number that was used and deleted meanwhile, sees a higher number and steps back. So a stale
 * lock is taken over without a moment in which two processes could both have removed it.
 */
export async function takeLock(
  folder: string,
  waitMs: number,
  holdMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Lock | undefined> {
  await mkdir(folder, { recursive: true });
  const self = await identity(clock.nowMs() + waitMs + holdMs);
  const began = clock.monotonicMs();
  for (;;) {
    signal.throwIfAborted();
    const lock = await tryLock(folder, self, clock);
    if (lock !== undefined) return lock;
    if (clock.monotonicMs() - began >= waitMs) return undefined;
    await clock.sleep(POLL_MS, signal);
  }
}

async function tryLock(folder: string, self: Holder, clock: Clock): Promise<Lock | undefined> {
  const highest = Math.max(0, ...(await numbers(folder)));
  if (highest > 0 && !(await isFree(join(folder, `lock.${highest}`), clock))) return undefined;
  const number = highest + 1;
  const file = join(folder, `lock.${number}`);
  const draft = join(folder, `draft.${self.nonce}`);
  try {
    await writeFile(draft, JSON.stringify(self));
    if (!(await linked(draft, file))) return undefined;
  } finally {
    await rm(draft, { force: true });
  }
  const all = await numbers(folder);
  if (Math.max(...all) > number) {
    await unlink(file).catch(() => {}); // or the holder has swept it away
    return undefined;
  }
  for (const old of all) if (old < number) await unlink(join(folder, `lock.${old}`)).catch(() => {});
  return {
    async release() {
      try {
        await writeFile(draft, RELEASED);
        await rename(draft, file);
      } catch {
        // As on a full disk. This process lives on, and with it the lock: one that is cut short is free, and that takes no room.
        await truncate(file);
        await rm(draft, { force: true });
      }
    },
  };
}

async function numbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
}

/**
 * Takes a lock that is one file, at once, for as long as this process lives. Answers why not when it is not to be had: at once, too.
 * The file goes away when it is released.
 *
 * A stale lock is replaced in place, by whoever holds the lock that is named for it and that is taken the same way. So only
 * one process at a time can replace it, and one that comes late finds that it is not there any more.
 */
export async function takeFile(file: string, clock: Clock): Promise<Lock | Held> {
  return await claim(file, await identity(Number.MAX_SAFE_INTEGER), clock);
}

async function claim(file: string, self: Holder, clock: Clock): Promise<Lock | Held> {
  const text = JSON.stringify(self);
  const draft = `${file}.draft-${self.nonce}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    for (let looks = 1; !(await linked(draft, file)); looks += 1) {
      const found = await textOf(file);
      if (typeof found !== "string") {
        if (found.code === "ENOENT" && looks < LOOKS_MAX) continue; // released just now
        return { kind: "unreadable", file, code: found.code };
      }
      const holder = parseHolder(found);
      if (holder !== undefined && !(await isGone(holder, clock)))
        return { kind: "held", file, holder, isHere: isBeside(holder, await identity(0)) };
      const right = await claim(`${file}.${holder?.nonce ?? "unreadable"}`, self, clock);
      if (!("release" in right)) return right;
      const isStill = (await textOf(file)) === found;
      if (isStill) await rename(draft, file);
      await right.release();
      if (isStill) break;
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      if ((await textOf(file)) === text) await rm(file, { force: true });
    },
  };
}

/** Makes a file, with its content, unless there is one. */
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** What a lock says, or why that cannot be read. */
async function textOf(file: string): Promise<string | { readonly code: string }> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    return { code: error instanceof Error && "code" in error ? String(error.code) : String(error) };
  }
}

/** Free: released, or of a process that is gone, or no longer readable as a lock (a crash of the machine cut it short). */
async function isFree(file: string, clock: Clock): Promise<boolean> {
  const text = await textOf(file);
  if (typeof text !== "string") return false; // replaced just now: look again
  if (text === RELEASED) return true;
  const holder = parseHolder(text);
  return holder === undefined || (await isGone(holder, clock));
}

async function isGone(holder: Holder, clock: Clock): Promise<boolean> {
  const here = await identity(0);
  if (!isBeside(holder, here)) return clock.nowMs() > holder.untilMs;
  if (holder.bootId !== here.bootId) return true;
  return !isAlive(holder.pid) || (await startTimeOf(holder.pid)) !== holder.startTime;
}

/** Whether one of two processes can look at the other. */
function isBeside(one: Holder, other: Holder): boolean {
  return one.host === other.host && one.pidNamespace === other.pidNamespace;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  return (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    typeof value.pid === "number" &&
    "bootId" in value &&
    "nonce" in value &&
    /^\w+$/.test(String(value.nonce))
  );
}

async function identity(untilMs: number): Promise<Holder> {
  const [bootId, pidNamespace, startTime] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
    startTimeOf(process.pid),
  ]);
  const nonce = randomBytes(8).toString("hex");
  return { nonce, host: hostname(), pid: process.pid, bootId: bootId.trim(), pidNamespace, startTime, untilMs };
}

/** Whether a process with this number runs beside this one, whoever it is of. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of proc(5) stat, which tells two processes with one pid apart; "" where there is no /proc. */
async function startTimeOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
