import { ok, type Result } from "../model/index.ts";
import { loop } from "./loop.ts";
import { newPulse } from "./pulse.ts";
import { serveProbes } from "./server.ts";
import type { ControllerIo, ControllerSettings } from "./types.ts";

export type { ControllerIo, ControllerSettings } from "./types.ts";

/**
 * The long run: a pass whenever the ref moves, and at an interval for drift; probes and metrics beside it. Ends when the signal
 * aborts, once the pass under way has come to a safe point. Fails only when it cannot begin.
 */
export async function runController(
  io: ControllerIo,
  settings: ControllerSettings,
  signal: AbortSignal,
): Promise<Result<void>> {
  const pulse = newPulse(io.clock, settings.stuckAfterMs);
  const probes = await serveProbes(settings.listen, pulse, io.metrics);
  if (!probes.ok) return probes;
  io.log.line("info", "serving", { host: settings.listen.host, port: probes.value.port });
  const onStop = (): void => io.log.line("info", "stopping at a safe point");
  signal.addEventListener("abort", onStop, { once: true });
  try {
    await loop(io, settings, pulse, signal);
    io.log.line("info", "stopped");
  } finally {
    signal.removeEventListener("abort", onStop);
    await probes.value.close();
  }
  return ok(undefined);
}
