import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { openSource, type Snapshot, type Source, type SourceOptions } from "../../src/git/index.ts";
import type { Failure, Result } from "../../src/model/index.ts";

/** A signal that never aborts. */
export const patient = new AbortController().signal;
setMaxListeners(0, patient);

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "gitops-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Opens a source that is closed after the test: real git, a cache of its own, plain http allowed. */
export async function sourceOf(options: Partial<SourceOptions> & { readonly repo: string }): Promise<Source> {
  const cacheDir = options.cacheDir ?? scratch();
  const settings = { ref: "main", allowHttp: true, timeoutMs: 15_000, environment: process.env, ...options, cacheDir };
  const source = valueOf(await openSource(settings, systemClock(), patient));
  onTestFinished(() => source.close());
  return source;
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.failures.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return result.value;
}

/** The one failure of a result that must have failed. */
export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error("it did not fail");
  const [failure] = result.failures;
  if (failure === undefined || result.failures.length > 1) throw new Error("it has not exactly one failure");
  return failure;
}

/** Everything a snapshot holds, loaded: path → content. */
export async function contentOf(snapshot: Snapshot): Promise<Readonly<Record<string, string>>> {
  valueOf(await snapshot.load(() => true, patient));
  const files = snapshot.files("") ?? [];
  return Object.fromEntries(files.map(({ path, entry }) => [path, Buffer.from(snapshot.tree.read(entry)).toString()]));
}
