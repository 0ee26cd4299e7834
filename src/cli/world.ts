import type { Clock } from "../model/index.ts";

/** A stream to people or to a program. */
export interface Sink {
  write(text: string): void;
  readonly terminal: boolean;
  /** Width of the terminal now; 80 where there is none. */
  columns(): number;
  /** Calls back when the width changes; answers how to stop that. */
  onResize(listener: () => void): () => void;
}

export type StopSignal = "SIGINT" | "SIGTERM";

/** All that the program knows of its surroundings. */
export interface World {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly clock: Clock;
  /** Calls back at each signal; answers how to stop that. */
  onSignal(name: StopSignal, listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** The world of a process. */
export function worldOf(node: NodeJS.Process, home: string, clock: Clock): World {
  return {
    args: node.argv.slice(2),
    env: node.env,
    cwd: node.cwd(),
    home,
    stdout: sinkOf(node.stdout),
    stderr: sinkOf(node.stderr),
    clock,
    onSignal(name, listener) {
      node.on(name, listener);
      return () => node.off(name, listener);
    },
    exit: (code) => node.exit(code),
  };
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  // A reader that has gone away, as in `gitops diff | head`, is no failure: the work goes on, unheard.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    write(text) {
      if (!stream.destroyed) stream.write(text);
    },
    terminal: stream.isTTY === true,
    columns: () => stream.columns ?? 80,
    onResize(listener) {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}
