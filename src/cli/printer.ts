import type { Failure } from "../model/index.ts";
import { type Document, errorDocument, errorText, newPaint, type Paint, serialize } from "../report/index.ts";
import type { Settings } from "./settings.ts";
import type { Sink, World } from "./world.ts";

/** Prints results to stdout, and everything else to stderr. */
export interface Printer {
  /** The result of a command: the document, or its text. */
  result(document: () => Document, text: (paint: Paint) => string): void;
  /** Why the command could not run; answers the exit code. A program that reads JSON gets JSON here, too. */
  error(failures: readonly Failure[], exit: number): number;
  /** Text for stdout as it is. */
  raw(text: string): void;
}

export function newPrinter(format: Settings["output"], noColor: boolean, world: World): Printer {
  return {
    result(document, text) {
      if (format !== "text") return world.stdout.write(serialize(document(), format));
      world.stdout.write(text(paintFor(world.stdout, noColor, world.env)));
    },
    error(failures, exit) {
      if (format !== "text") world.stdout.write(serialize(errorDocument(failures, exit), format));
      else world.stderr.write(errorText(failures, paintFor(world.stderr, noColor, world.env)));
      return exit;
    },
    raw: (text) => world.stdout.write(text),
  };
}

/** Colours and lines of its width where a terminal is, unless told otherwise. Source: no-color.org, and the FORCE_COLOR of Node's own tools. */
export function paintFor(sink: Sink, noColor: boolean, env: World["env"]): Paint {
  const says = (name: string): boolean => (env[name] ?? "") !== "";
  const room = sink.terminal ? sink.columns() : Number.POSITIVE_INFINITY;
  if (noColor || says("NO_COLOR")) return newPaint(false, room);
  if (says("FORCE_COLOR")) return newPaint(env["FORCE_COLOR"] !== "0" && env["FORCE_COLOR"] !== "false", room);
  return newPaint(sink.terminal && env["TERM"] !== "dumb", room);
}
