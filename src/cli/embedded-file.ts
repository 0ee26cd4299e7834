import { constants } from "node:fs";
import { access, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Answer, type Cluster, readJson, writeJson } from "../cluster/index.ts";
import { createEmbedded, type EmbeddedCluster, type Saved } from "../embedded/index.ts";
import { type Held, type Lock, takeFile } from "../lock.ts";
import { type Clock, failed, ok, type Result } from "../model/index.ts";

/** How far the file may be behind while the cluster changes. */
const BEHIND_MS_MAX = 1000;

/** No cluster at all, as far as a dry run can tell: nothing is in it, and whichever kinds the real one has besides may be. */
export function openEmpty(clock: Clock): Cluster {
  const cluster = createEmbedded({ clock });
  return {
    ...cluster,
    async kinds(signal) {
      const answer = await cluster.kinds(signal);
      return answer.ok ? { ok: true, value: { ...answer.value, open: true } } : answer;
    },
  };
}

/**
 * A cluster inside this process. With a file, it begins as the file says, and the file follows it: each second while it
 * changes, and when it is closed. The file is replaced as a whole, so a process that is killed leaves one that can be read.
 */
export async function openEmbedded(file: string | undefined, clock: Clock): Promise<Result<Cluster>> {
  if (file === undefined) return ok(createEmbedded({ clock }));
  const read = await identityOf(file);
  const saved = await readSaved(file);
  if (!saved.ok) return saved;
  const blocked = await whyNotWritable(file);
  if (blocked !== undefined) {
    return failed({
      code: "usage/invalid-settings",
      message: `${file} cannot be written (${blocked})`,
      remedy: "make its folder, or give another file",
    });
  }
  const cluster = createEmbedded({ clock, ...(saved.value === undefined ? {} : { saved: saved.value }) });
  return ok(kept(cluster, file, read, clock));
}

/** `read` is what the file was when the cluster began. */
function kept(cluster: EmbeddedCluster, file: string, read: string, clock: Clock): Cluster {
  const closing = new AbortController();
  const state: { version: number; mine?: Promise<Lock | string> } = { version: cluster.save().version };
  /** Writes change what the file will be: they are of the one process that has it. */
  const writing = async <T>(write: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    const mine = await (state.mine ??= taken(file, read, clock).catch((cause: unknown) => `${file}: ${String(cause)}`));
    if (typeof mine !== "string") return await write();
    return { ok: false, problem: { kind: "network", message: mine, causes: [], ambiguous: false } };
  };
  const save = async (): Promise<void> => {
    const { version, objects } = cluster.save();
    if (version === state.version) return;
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, writeJson({ version, objects }), { mode: 0o600 });
    await rename(draft, file);
    state.version = version;
  };
  const follow = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      // Rejects only when the cluster is closed, which the loop's condition sees.
      await clock.sleep(BEHIND_MS_MAX, closing.signal).catch(() => undefined);
      await save().catch(() => undefined); // it is tried again, and the last time counts
    }
  };
  const following = follow();
  return {
    ...cluster,
    apply: (kind, manifest, options, signal) => {
      const apply = () => cluster.apply(kind, manifest, options, signal);
      return options.dryRun === true ? apply() : writing(apply);
    },
    patch: (...asked) => writing(() => cluster.patch(...asked)),
    remove: (kind, namespace, name, options, signal) => {
      const remove = () => cluster.remove(kind, namespace, name, options, signal);
      return options.dryRun === true ? remove() : writing(remove);
    },
    async close() {
      closing.abort();
      await following;
      try {
        await save();
      } finally {
        const mine = await state.mine;
        if (mine !== undefined && typeof mine !== "string") await mine.release();
        await cluster.close();
      }
    },
  };
}

/** Takes the file for this process, for as long as it lives; why not, when somebody has it, or has had it since. */
async function taken(file: string, read: string, clock: Clock): Promise<Lock | string> {
  const lock = await takeFile(`${file}.lock`, clock);
  if ("kind" in lock) return `${file} ${whyHeld(lock)}`;
  if ((await identityOf(file)) === read) return lock;
  await lock.release();
  return `${file} was changed by another process since it was read: run this again`;
}

/** What is in the way, where, and what to do about it. */
function whyHeld(held: Held): string {
  if (held.kind === "unreadable")
    return `may be in use: its lock ${held.file} cannot be read (${held.code}); run this as the user who made it, or, when nobody uses it any more: rm -r ${held.file}`;
  const { host, pid } = held.holder;
  if (held.isHere)
    return `is in use by process ${pid}, and one process at a time writes to it (if that is no gitops: rm ${held.file})`;
  return `is in use by process ${pid} on host ${host}, which may be another container and cannot be looked at from here; when nobody uses it any more: rm ${held.file}`;
}

/** Two answers differ when the file was replaced in between; empty when there is none. */
async function identityOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeMs}`;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** What the system says against writing beside and to the file; undefined when nothing. */
async function whyNotWritable(file: string): Promise<string | undefined> {
  try {
    await access(dirname(file), constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}

/** Undefined when there is no file yet. */
async function readSaved(file: string): Promise<Result<Saved | undefined>> {
  try {
    const saved = readJson(await readFile(file, "utf8"));
    if (isSaved(saved)) return ok(saved);
  } catch (error) {
    if (isCode(error, "ENOENT")) return ok(undefined);
    if (error instanceof Error && "code" in error) {
      return failed({
        code: "usage/invalid-settings",
        message: `${file} cannot be read (${String(error.code)})`,
        remedy: "run this as the user who made it, or give another file",
      });
    }
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
