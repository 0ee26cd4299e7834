import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failed, ok, type PassOutcome, type Result } from "../model/index.ts";
import { type PassRecord, recordPass } from "../report/index.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

type Kept = Pick<Settings, "cacheDir" | "scope" | "cluster" | "kubeconfig" | "context">;

/** Where the passes of a scope over a cluster leave their record. */
export function recordFile({ cacheDir, scope, cluster, kubeconfig, context }: Kept): string {
  const key = createHash("sha256")
    .update(JSON.stringify([scope, cluster, kubeconfig ?? "", context ?? ""]))
    .digest("hex");
  return join(cacheDir, "status", `${key.slice(0, 32)}.json`);
}

/** The record; undefined when there is none yet. */
export async function readRecord(settings: Kept): Promise<Result<PassRecord | undefined>> {
  const file = recordFile(settings);
  try {
    const record: unknown = JSON.parse(await readFile(file, "utf8"));
    if (isRecord(record)) return ok(record);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ok(undefined);
  }
  const message = `the record of earlier passes at ${file} cannot be read`;
  return failed({ code: "usage/invalid-settings", message, remedy: "delete the file: the next sync writes it anew" });
}

/** Notes a pass that wrote. What cannot be noted is said, and stops nothing: the record serves `gitops status` only. */
export async function writeRecord(settings: Settings, outcome: PassOutcome, world: World): Promise<void> {
  const file = recordFile(settings);
  const before = await readRecord(settings);
  const some = settings.services.length > 0;
  const about = { scope: settings.scope, nowMs: world.clock.nowMs(), some };
  const record = recordPass(before.ok ? before.value : undefined, outcome, about);
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
    await rename(draft, file);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    world.stderr.write(`the record for gitops status could not be written to ${file} (${why})\n`);
  }
}

/** Whether a file holds what is written here, as far as whoever reads it relies on that: a cache may be damaged. */
function isRecord(value: unknown): value is PassRecord {
  const record = value as Partial<PassRecord> | null;
  return (
    typeof record === "object" &&
    record !== null &&
    record.version === 1 &&
    typeof record.lastPass === "string" &&
    Array.isArray(record.failures) &&
    Array.isArray(record.services) &&
    record.services.every(isServiceRecord)
  );
}

function isServiceRecord(value: unknown): boolean {
  const one = value as Partial<PassRecord["services"][number]> | null;
  if (typeof one !== "object" || one === null || !Array.isArray(one.failures)) return false;
  return [one.service, one.state, one.lastAttempt, one.revision].every((text) => typeof text === "string");
}
