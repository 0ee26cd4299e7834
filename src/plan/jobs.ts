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
