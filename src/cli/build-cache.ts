import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildCache } from "../reconcile/index.ts";
import { underWay } from "./under-way.ts";

/**
 * Known builds in one file: hundreds of services are read and written at once, and a file for each would cost more than the
 * builds. `name` tells whose builds they are. A cache may fail in silence: what cannot be read is built again, what cannot
 * be written is built next time. What was not asked for since it was loaded is dropped when it is saved.
 */
export function fileCache(folder: string, name: string): BuildCache & { close(): Promise<void> } {
  const file = join(folder, createHash("sha256").update(name).digest("hex").slice(0, 32));
  const kept = new Map<string, string>();
  const notes = underWay(file);
  let loading: Promise<ReadonlyMap<string, string>> | undefined;
  let changed = false;
  const loaded = (): Promise<ReadonlyMap<string, string>> => {
    loading ??= readFile(file, "utf8").then(parse, () => new Map<string, string>());
    return loading;
  };
  return {
    async read(key) {
      const text = kept.get(key) ?? (await loaded()).get(key);
      if (text !== undefined) kept.set(key, text);
      return text;
    },
    async write(key, text) {
      kept.set(key, text);
      changed = true;
    },
    begin: (key, alone) => notes.begin(key, alone),
    takeDeath: (key) => notes.takeDeath(key),
    close: () => notes.close(),
    async save() {
      if (!changed) return;
      changed = false;
      const draft = `${file}.${process.pid}`;
      const lines = [...kept].map(([key, text]) => `${key}\t${text}\n`);
      // Renamed into place, so that no reader sees half of it. Builds may hold Secrets, so only the owner may read them.
      await mkdir(folder, { recursive: true, mode: 0o700 })
        .then(() => writeFile(draft, lines.join(""), { mode: 0o600 }))
        .then(() => rename(draft, file))
        .then(() => notes.forget())
        .catch(() => undefined);
    },
  };
}

/** A line an entry; keys hold no tab, and texts are JSON of one line. Whether a text is whole is for its reader to tell. */
function parse(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const line = end < 0 ? text.length : end;
    const tab = text.indexOf("\t", start);
    if (tab > start && tab < line) entries.set(text.slice(start, tab), text.slice(tab + 1, line));
    start = line + 1;
  }
  return entries;
}
