import type { PassRequest } from "../reconcile/index.ts";
import type { Engine, OpenEngine } from "./engine.ts";
import { EXIT } from "./exit.ts";
import type { FlagName } from "./flags.ts";
import type { Printer } from "./printer.ts";
import type { Settings } from "./settings.ts";
import { listenForStop, type StopOptions, type Stopping } from "./stopping.ts";
import type { World } from "./world.ts";

/** One command: how it is called, what help says, and what it does. */
export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, for its own help. */
  readonly text: string;
  readonly argument?: {
    readonly name: string;
    readonly text: string;
    readonly choices?: readonly string[];
    /** One or more of them. */
    readonly many?: boolean;
  };
  readonly flags: readonly FlagName[];
  readonly examples: readonly { readonly does: string; readonly line: string }[];
  readonly exits: readonly { readonly code: number; readonly means: string }[];
  /** Answers the exit code. */
  run(call: Call): Promise<number>;
}

/** One call of a command. */
export interface Call {
  readonly argument: string;
  /** All of them, where a command takes several. */
  readonly arguments: readonly string[];
  readonly settings: Settings;
  readonly world: World;
  readonly printer: Printer;
  readonly open: OpenEngine;
  /** Runs another command line of this program, in a world of its own. Answers its exit code. */
  again(world: World): Promise<number>;
}

/** Runs `work` with an engine and with ears for signals, and closes both. Answers the exit code. */
export async function withEngine(
  call: Call,
  work: (engine: Engine, stopping: Stopping) => Promise<number>,
  limits: StopOptions = { timeoutMs: call.settings.timeoutMs },
): Promise<number> {
  const stopping = listenForStop(call.world, limits);
  try {
    const opened = await call.open(call.settings, call.world, stopping.signal);
    if (!opened.ok) return call.printer.error(opened.failures, EXIT.couldNotRun);
    try {
      return stopping.exit(await work(opened.value, stopping));
    } finally {
      await opened.value.close();
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    return call.printer.error([interrupted(call, stopping)], stopping.exit(EXIT.couldNotRun));
  } finally {
    stopping.release();
  }
}

function interrupted({ settings }: Call, stopping: Stopping) {
  const by = stopping.by();
  return by === undefined
    ? ({
        code: "reconcile/deadline",
        message: `it was not done within ${settings.timeoutMs} ms`,
        remedy: "run it again, with a longer --timeout if need be",
      } as const)
    : ({ code: "reconcile/interrupted", message: `it was stopped by ${by}`, remedy: "run it again" } as const);
}

export function passRequest(settings: Settings, mode: PassRequest["mode"]): PassRequest {
  const { path, scope, services, adopt, confirm, defaultNamespace, concurrency, breaker } = settings;
  const confirmed = confirm === undefined ? {} : { confirm };
  return { mode, path, scope, services, adopt, ...confirmed, defaultNamespace, concurrency, breaker };
}
