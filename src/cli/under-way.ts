import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isAlive } from "../lock.ts";
import type { Death } from "../reconcile/index.ts";

/** Which builds run right now, on disk, so that the next process knows what this one died of. */
export interface UnderWay {
  /** A build begins, by itself or beside others; what it answers is called when it ends. */
  begin(key: string, alone: boolean): () => void;
  /** Whether processes died during the build of a key, and the worst of that; answered once. */
  takeDeath(key: string): Promise<Death | undefined>;
  /** What was answered is kept elsewhere by now. */
  forget(): Promise<void>;
  /** The process ends as it should: nothing that still runs is of any interest. */
  close(): Promise<void>;
}

/** A record a build: how it ran and its key, filled up with blanks. All blank: none runs there. */
const RECORD = 128;

/**
 * Notes in files `<prefix>.building.<host>.<pid>.<nonce>`, one a process at a time. A record is written in place without waiting
 * for the disk: what a process wrote outlives it, if not the machine, whose failure is no fault of a build. Notes fail in silence,
 * as a cache does. Those of other hosts are left alone: whether a process lives can only be seen from beside it.
 */
export function underWay(prefix: string): UnderWay {
  const free: number[] = [];
  let records = 0;
  let running = 0;
  let open: { readonly name: string; readonly file: number } | undefined;
  let found: Promise<Left> | undefined;
  let closed = false;
  const look = (): Promise<Left> => (found ??= leftBehind(prefix));
  const takeAway = async (): Promise<void> => {
    if (open === undefined) return;
    const { name, file } = open;
    open = undefined;
    records = 0;
    free.length = 0;
    closeSync(file);
    await unlink(name).catch(() => undefined);
  };

  const put = (record: number, text: string): void => {
    if (closed) return;
    try {
      if (open === undefined) {
        const name = `${prefix}.building.${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}`;
        open = { name, file: openSync(name, "w", 0o600) };
      }
      writeSync(open.file, `${text.padEnd(RECORD - 1)}\n`, record * RECORD);
    } catch {
      // A disk that is full, or a folder that is not there: the next process knows less.
    }
  };

  return {
    begin(key, alone) {
      const record = free.pop() ?? records++;
      running += 1;
      put(record, `${alone ? "alone" : "beside"} ${key}`);
      return () => {
        running -= 1;
        free.push(record);
        put(record, "");
      };
    },
    async takeDeath(key) {
      const { deaths } = await look();
      const death = deaths.get(key);
      deaths.delete(key);
      return death;
    },
    async forget() {
      const { files } = await look();
      for (const one of files.splice(0)) await unlink(one).catch(() => undefined);
      if (running === 0) await takeAway();
    },
    close() {
      closed = true;
      return takeAway();
    },
  };
}

interface Left {
  /** To be taken away once what they say is kept elsewhere. */
  readonly files: string[];
  readonly deaths: Map<string, Death>;
}

/** What processes that are gone have noted. */
async function leftBehind(prefix: string): Promise<Left> {
  const folder = dirname(prefix);
  const deaths = new Map<string, Death>();
  const files: string[] = [];
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => undefined);
  for (const entry of await readdir(folder).catch(() => [])) {
    const start = `${basename(prefix)}.building.`;
    const [, host, pid] = (entry.startsWith(start) && NAME.exec(entry.slice(start.length))) || [];
    // Whoever had our own number is gone: we have it now, as in every container that is started again.
    if (host !== hostname() || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    const file = join(folder, entry);
    files.push(file);
    for (const record of (await readFile(file, "utf8").catch(() => "")).split("\n")) {
      const [how, key] = record.trim().split(" ");
      if (key === undefined || (how !== "alone" && how !== "beside")) continue;
      if (deaths.get(key) !== "alone") deaths.set(key, how);
    }
  }
  return { files, deaths };
}

const NAME = /^(.+)\.(\d+)\.[0-9a-f]{8}$/;
