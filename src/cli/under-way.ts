import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** Which builds run right now, on disk, so that the next process knows what this one died of. */
export interface UnderWay {
  /** A build begins; what it answers is called when it ends. */
  begin(key: string): () => void;
  /** How many processes died during the build of a key; each of them is answered once. */
  takeDeaths(key: string): Promise<number>;
  /** What was answered is kept elsewhere by now. */
  forget(): Promise<void>;
}

/** A record a build: its key, filled up with blanks. All blank: none runs there. */
const RECORD = 128;

/**
 * Notes in files `<prefix>.building.<host>.<pid>.<nonce>`, one a process. A record is written in place without waiting for the
 * disk: what a process wrote outlives it, if not the machine, whose failure is no fault of a build. Notes fail in silence, as a
 * cache does. Those of other hosts are left alone: whether a process lives can only be seen from beside it.
 */
export function underWay(prefix: string): UnderWay {
  const name = `${prefix}.building.${hostname()}.`;
  const mine = `${name}${process.pid}.${randomBytes(4).toString("hex")}`;
  const free: number[] = [];
  let records = 0;
  let running = 0;
  let file: number | undefined;
  let found: Promise<Left> | undefined;
  const look = (): Promise<Left> => (found ??= leftBehind(name));

  const put = (record: number, text: string): void => {
    try {
      file ??= openSync(mine, "w", 0o600);
      writeSync(file, `${text.padEnd(RECORD - 1)}\n`, record * RECORD);
    } catch {
      // A disk that is full, or a folder that is not there: the next process knows less.
    }
  };

  return {
    begin(key) {
      const record = free.pop() ?? records++;
      running += 1;
      put(record, key);
      return () => {
        running -= 1;
        free.push(record);
        put(record, "");
      };
    },
    async takeDeaths(key) {
      const { deaths } = await look();
      const count = deaths.get(key) ?? 0;
      deaths.delete(key);
      return count;
    },
    async forget() {
      const { files } = await look();
      for (const one of files.splice(0)) await unlink(one).catch(() => undefined);
      if (running > 0 || file === undefined) return;
      closeSync(file);
      file = undefined;
      await unlink(mine).catch(() => undefined);
    },
  };
}

interface Left {
  readonly files: string[];
  readonly deaths: Map<string, number>;
}

/** What processes that are gone have noted. One with our own number is gone, too: we have it now, as in every container. */
async function leftBehind(name: string): Promise<Left> {
  const folder = dirname(name);
  const deaths = new Map<string, number>();
  const files: string[] = [];
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => undefined);
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(basename(name)) || isAlive(Number.parseInt(entry.slice(basename(name).length), 10))) continue;
    const file = join(folder, entry);
    const text = await readFile(file, "utf8").catch(() => "");
    const keys = text.split("\n").map((record) => record.trim());
    for (const key of new Set(keys)) if (key !== "") deaths.set(key, (deaths.get(key) ?? 0) + 1);
    files.push(file);
  }
  return { files, deaths };
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
