import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildCache } from "../reconcile/index.ts";

/**
 * Known builds as files of a folder, one a key. A cache may fail in silence: what cannot be read is built again, what cannot
 * be written is built next time.
 */
export function fileCache(folder: string): BuildCache {
  const fileOf = (key: string): string => join(folder, createHash("sha256").update(key).digest("hex"));
  const made: { folder?: Promise<unknown> } = {};
  return {
    read: (key) => readFile(fileOf(key), "utf8").catch(() => undefined),
    async write(key, text) {
      const file = fileOf(key);
      made.folder ??= mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => undefined);
      await made.folder;
      const draft = `${file}.${process.pid}`;
      // Renamed into place, so that no reader sees half of it. Builds may hold Secrets, so only the owner may read them.
      await writeFile(draft, text, { mode: 0o600 })
        .then(() => rename(draft, file))
        .catch(() => undefined);
    },
  };
}
