import type { PassOutcome } from "../model/index.ts";
import type { PassRequest } from "../reconcile/index.ts";
import { type Call, passRequest } from "./command.ts";
import type { Engine } from "./engine.ts";
import { showProgress } from "./progress.ts";

/** Runs a pass and shows how it goes. */
export async function watchPass(
  { settings, world }: Call,
  engine: Engine,
  mode: PassRequest["mode"],
  signal: AbortSignal,
): Promise<PassOutcome> {
  const progress = showProgress(settings, mode, world);
  try {
    return await engine.pass(passRequest(settings, mode), (event) => progress.event(event), signal);
  } finally {
    await progress.end();
  }
}
