import { readFile, rename, writeFile } from "node:fs/promises";
import { type Cluster, readJson, writeJson } from "../cluster/index.ts";
import { createEmbedded, type Saved } from "../embedded/index.ts";
import { type Clock, failed, ok, type Result } from "../model/index.ts";

/** A cluster inside this process. With a file, it begins as the file says and is written back when it is closed. */
export async function openEmbedded(file: string | undefined, clock: Clock): Promise<Result<Cluster>> {
  if (file === undefined) return ok(createEmbedded({ clock }));
  const saved = await readSaved(file);
  if (!saved.ok) return saved;
  const cluster = createEmbedded({ clock, ...(saved.value === undefined ? {} : { saved: saved.value }) });
  return ok({
    ...cluster,
    async close() {
      const draft = `${file}.${process.pid}`;
      const { version, objects } = cluster.save();
      await writeFile(draft, writeJson({ version, objects }), { mode: 0o600 });
      await rename(draft, file);
      await cluster.close();
    },
  });
}

/** Undefined when there is no file yet. */
async function readSaved(file: string): Promise<Result<Saved | undefined>> {
  try {
    const saved = readJson(await readFile(file, "utf8"));
    if (isSaved(saved)) return ok(saved);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ok(undefined);
  }
  return failed({
    code: "usage/invalid-settings",
    message: `${file} holds no embedded cluster`,
    remedy: "give another file, or delete this one",
  });
}

function isSaved(value: unknown): value is Saved {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    typeof value.version === "number" &&
    "objects" in value &&
    Array.isArray(value.objects)
  );
}
