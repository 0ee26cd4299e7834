import { type Failure, failed, ok, type Result } from "../model/index.ts";
import type { Standing } from "../status/index.ts";
import type { Engine } from "./engine.ts";

/** What is kept in the cluster, for a command that can do nothing without it. */
export async function standingNeeded(engine: Engine, signal: AbortSignal): Promise<Result<Standing>> {
  const standing = await engine.standing(signal);
  if (!standing.ok) return standing;
  if (standing.value !== undefined) return ok(standing.value);
  return failed(NOTHING_KEPT);
}

export const NOTHING_KEPT: Failure = {
  code: "usage/invalid-settings",
  message: "nothing is kept in this cluster, as --status-namespace and --cluster say",
  remedy: "name a namespace with --status-namespace, the same for every command and every process",
};
