import { child } from "../model/index.ts";
import type { Declared } from "./declare.ts";

/**
 * The hash of a Job that the cluster deletes after it ran (`ttlSecondsAfterFinished`); undefined for everything else. Such
 * a Job that is gone ran: to create it again would be to run it again.
 */
export function selfCleaningJob({ ref, manifest, hash }: Declared): string | undefined {
  if (ref.group !== "batch" || ref.kind !== "Job") return undefined;
  const ttl = child(manifest, "spec")?.["ttlSecondsAfterFinished"];
  return typeof ttl === "number" || typeof ttl === "bigint" ? hash : undefined;
}

const FAILED = " failed";

/** What is remembered of a Job that was seen to fail: gone, it has run, and has not done its work. */
export function failedJob(hash: string): string {
  return hash.endsWith(FAILED) ? hash : `${hash}${FAILED}`;
}

/** Why a Job that is gone is not created, by what is remembered of it; undefined when it did not run as it is declared. */
export function ranJob(
  declared: Declared,
  done: string | undefined,
): { readonly why: string; readonly job?: string } | undefined {
  const hash = selfCleaningJob(declared);
  if (hash === undefined) return undefined;
  if (done === hash) return { why: "ran already" };
  return done === failedJob(hash) ? { why: "ran already, and failed", job: done } : undefined;
}
