import { Chalk } from "chalk";

/** What text is printed on: colours by meaning, which take text that is already safe to print, and the room for a line. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly note: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  /** Columns of the terminal; without end where there is none. */
  readonly room: number;
}

/** `colours` false gives plain text. */
export function newPaint(colours: boolean, room: number = Number.POSITIVE_INFINITY): Paint {
  const chalk = new Chalk({ level: colours ? 1 : 0 });
  return {
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    warn: (text) => chalk.yellow(text),
    note: (text) => chalk.cyan(text),
    strong: (text) => chalk.bold(text),
    quiet: (text) => chalk.dim(text),
    room,
  };
}
