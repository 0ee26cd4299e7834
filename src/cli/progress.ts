import type { PassEvent } from "../model/index.ts";
import {
  advance,
  type LineOptions,
  liveLine,
  NOTHING_DONE,
  type Paint,
  type Progress,
  plainLine,
} from "../report/index.ts";
import { paintFor } from "./printer.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

export interface ProgressDisplay {
  event(event: PassEvent): void;
  /** Takes the live line away. Nothing may be told after that. */
  end(): Promise<void>;
}

/** Times between two drawings of the live line. */
const FRAME_MS = 100;

const CLEAR_LINE = "\r\u001b[2K";

/**
 * Shows a pass on stderr: on a terminal a live line below the lines that stay, elsewhere the lines that stay. Each frame is one
 * write, so that nothing flickers; the line is never wider than the terminal, so that it can always be taken away.
 */
export function showProgress(
  { verbose, noColor }: Pick<Settings, "verbose" | "noColor">,
  mode: LineOptions["mode"],
  world: World,
): ProgressDisplay {
  const paint = paintFor(world.stderr, noColor, world.env);
  const live = world.stderr.terminal && world.env["TERM"] !== "dumb" && !isSet(world.env["CI"]);
  if (!live) return plainDisplay({ verbose, mode }, paint, world);
  const started = world.clock.monotonicMs();
  const ended = new AbortController();
  const state: { progress: Progress } = { progress: NOTHING_DONE };
  const line = (): string =>
    liveLine(state.progress, started, world.clock.monotonicMs(), world.stderr.columns() - 1, paint);
  const draw = (above: string): void => world.stderr.write(`${CLEAR_LINE}${above}${line()}`);
  const forget = world.stderr.onResize(() => draw(""));
  const drawing = drawFrames(() => draw(""), world, ended.signal);
  return {
    event(event) {
      state.progress = advance(state.progress, event, world.clock.monotonicMs());
      const stays = plainLine(event, paint, { verbose, mode });
      if (stays !== undefined) draw(`${stays}\n`);
    },
    async end() {
      forget();
      ended.abort();
      await drawing;
      world.stderr.write(CLEAR_LINE);
    },
  };
}

function plainDisplay({ verbose, mode }: LineOptions, paint: Paint, world: World): ProgressDisplay {
  return {
    event(event) {
      const line = plainLine(event, paint, { verbose, mode });
      if (line !== undefined) world.stderr.write(`${line}\n`);
    },
    end: () => Promise.resolve(),
  };
}

async function drawFrames(draw: () => void, world: World, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    draw();
    // Rejects only when the display ends, which the loop's condition sees.
    await world.clock.sleep(FRAME_MS, ended).catch(() => undefined);
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}
