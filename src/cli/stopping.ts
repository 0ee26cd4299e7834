import { EXIT, signalExit } from "./exit.ts";
import type { StopSignal, World } from "./world.ts";

/** How a command is told to stop. */
export interface Stopping {
  /** Aborts at the first SIGINT or SIGTERM, and when the time is up. */
  readonly signal: AbortSignal;
  /** Which signal came, if one did. */
  by(): StopSignal | undefined;
  /** The exit code of a command that ended by itself with `code`: a signal's own when one came. */
  exit(code: number): number;
  release(): void;
}

export interface StopOptions {
  /** The command ends by itself after this. */
  readonly timeoutMs?: number;
  /** After a signal the process ends at the latest after this. */
  readonly graceMs?: number;
  /** The command runs until it is stopped: then a stop is its regular end, exit 0, and it says itself what it does. */
  readonly forStop?: boolean;
}

/**
 * The first signal asks for an end at a safe point: writes under way are finished, nothing new is begun, and the outcome is
 * printed. The second ends the process at once. With `graceMs`, so does the time, for supervisors that kill soon after.
 */
export function listenForStop(world: World, options: StopOptions): Stopping {
  const stop = new AbortController();
  const released = new AbortController();
  const came: { first?: StopSignal } = {};
  const onSignal = (name: StopSignal) => (): void => {
    if (came.first !== undefined) return world.exit(signalExit(name));
    came.first = name;
    if (options.forStop !== true) world.stderr.write(`\n${name}: stopping at a safe point; once more ends at once\n`);
    stop.abort(new DOMException(`stopped by ${name}`, "AbortError"));
    if (options.graceMs === undefined) return;
    const grace = world.clock.deadline(options.graceMs, released.signal);
    grace.signal.addEventListener("abort", () => {
      if (grace.expired()) world.exit(signalExit(name));
    });
    released.signal.addEventListener("abort", () => grace.release());
  };
  const forget = (["SIGINT", "SIGTERM"] as const).map((name) => world.onSignal(name, onSignal(name)));
  const deadline = options.timeoutMs === undefined ? undefined : world.clock.deadline(options.timeoutMs, stop.signal);
  return {
    signal: deadline?.signal ?? stop.signal,
    by: () => came.first,
    exit: (code) => {
      if (came.first !== undefined) return options.forStop === true ? code : signalExit(came.first);
      return code === EXIT.ok && deadline?.expired() === true ? EXIT.some : code;
    },
    release() {
      deadline?.release();
      released.abort();
      for (const off of forget) off();
    },
  };
}
