import { fstatSync, readFileSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Clock } from "../model/index.ts";

/** A stream to people or to a program. */
export interface Sink {
  write(text: string): void;
  /** Bytes that were written and that the reader has not taken yet. */
  backlog(): number;
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
  /** The namespace of the pod that the process runs in; undefined outside of a cluster. */
  readonly podNamespace?: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly clock: Clock;
  /** Calls back at each signal; answers how to stop that. */
  onSignal(name: StopSignal, listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

const POD_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** The namespace that Kubernetes says the process runs in. */
function podNamespace(): { readonly podNamespace?: string } {
  try {
    return { podNamespace: readFileSync(POD_NAMESPACE, "utf8").trim() };
  } catch {
    return {};
  }
}

/** The world of a process. */
export function worldOf(node: NodeJS.Process, home: string, clock: Clock): World {
  return {
    args: node.argv.slice(2),
    env: node.env,
    cwd: node.cwd(),
    home,
    ...podNamespace(),
    stdout: sinkOf(node.stdout, (error) => resultLost(node, error)),
    // When this cannot be written there is nobody left to tell.
    stderr: {
      ...sinkOf(node.stderr, () => undefined),
      ...(isWrittenAtOnce(node.stderr) ? heedless(node.stderr.fd) : {}),
    },
    clock,
    onSignal(name, listener) {
      node.on(name, listener);
      return () => node.off(name, listener);
    },
    exit: (code) => node.exit(code),
  };
}

function sinkOf(stream: NodeJS.WriteStream, lost: (error: Error) => void): Sink {
  // A reader that has gone away, as in `gitops diff | head`, is no failure: the work goes on, unheard.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") lost(error);
  });
  return {
    write(text) {
      if (!stream.destroyed) stream.write(text);
    },
    backlog: () => stream.writableLength,
    terminal: stream.isTTY === true,
    // A terminal that nobody told its size says 0.
    columns: () => stream.columns || 80,
    onResize(listener) {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}

/** Whoever asked does not get the answer, such as for a full disk: what was done is done, and the exit code tells. */
function resultLost(node: NodeJS.Process, error: Error): void {
  const text = `gitops: the result cannot be written: ${error.message}\n  → what was done is done; make room, and run this again\n`;
  heedless(node.stderr.fd).write(text);
  node.once("exit", () => {
    node.exitCode = 2;
  });
}

/** Whether a stream is a file or device. A stream of one ends at its first failure, as when the disk is full for a while. */
function isWrittenAtOnce({ fd }: { readonly fd: number }): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd));
  } catch {
    return false; // closed
  }
}

/** What people are told on the way may be lost: that is no reason to end, nor to say nothing later. */
function heedless(fd: number): Pick<Sink, "write"> {
  return {
    write(text) {
      try {
        writeSync(fd, text);
      } catch {
        // There is nobody left to tell.
      }
    },
  };
}
