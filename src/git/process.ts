import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { channel } from "node:diagnostics_channel";
import { simpleGit } from "simple-git";
import type { Clock } from "../model/index.ts";
import type { Environment } from "./environment.ts";

/** How one git process ended. `timedOut` means that it was killed at its deadline. */
export interface Ended {
  /** Exit code; -1 when it was killed or never ran. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface Call {
  readonly gitPath: string;
  /** A program that runs another as the leader of a process group; undefined where there is none. */
  readonly setsid?: string;
  /** Where it runs: git discovers nothing from it, since GIT_DIR is set. */
  readonly folder: string;
  readonly environment: Environment;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Output of a call is kept up to this, and the call ended there: no call of ours answers more. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Starts git as the leader of a process group of its own, so that `killGroup` reaches everything it started. Undefined when this
 * process may open no more files: Node makes a process without streams then.
 */
export function start(
  call: Pick<Call, "gitPath" | "folder" | "environment">,
  args: readonly string[],
): ChildProcessWithoutNullStreams | undefined {
  const child = spawn(call.gitPath, [...args], {
    cwd: call.folder,
    env: { ...call.environment },
    detached: true,
    stdio: "pipe",
  });
  const { stdin, stdout }: Partial<ChildProcessWithoutNullStreams> = child;
  if (stdin !== undefined && stdout !== undefined) return child;
  child.on("error", () => {}); // it is answered for here
  return undefined;
}

const NO_MORE_FILES = "git cannot be started: too many open files";

/** Kills a process and all that it started: ssh and transport helpers too, which a signal to git alone leaves behind. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined || killMembers(pid)) return;
  try {
    process.kill(pid, "SIGKILL"); // it leads no group here
  } catch {
    // it has ended
  }
}

/** Kills what is left of a group, whether or not its leader has ended. */
function killMembers(leader: number): boolean {
  try {
    process.kill(-leader, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Runs plumbing that touches only local files. Ends by its deadline; rejects when the signal aborts. */
export async function runLocal(
  call: Call,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const child = start(call, args);
  if (child === undefined) return { code: -1, stdout: "", stderr: NO_MORE_FILES, timedOut: false };
  const deadline = call.clock.deadline(call.timeoutMs, signal);
  const stop = (): void => killGroup(child.pid);
  deadline.signal.addEventListener("abort", stop, { once: true });
  try {
    const ended = await collect(child, input);
    signal.throwIfAborted();
    return { ...ended, timedOut: ended.code !== 0 && deadline.expired() };
  } finally {
    deadline.signal.removeEventListener("abort", stop);
    deadline.release();
  }
}

function collect(child: ChildProcessWithoutNullStreams, input: string): Promise<Omit<Ended, "timedOut">> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX) killGroup(child.pid);
      else into.push(chunk);
    };
    child.stdout.on("data", keep(out));
    child.stderr.on("data", keep(err));
    child.stdin.on("error", () => {}); // it ended without reading: its exit code says why
    child.on("error", (error) => resolve({ code: -1, stdout: "", stderr: error.message }));
    child.on("close", (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.end(input);
  });
}

/**
 * Runs a command that talks to a remote, through simple-git. Its process is found by its stdout among the processes
 * just made, because simple-git keeps it to itself and would only interrupt git, not what git started. `setsid` makes
 * it the leader of a group where there is such a program.
 */
export async function runRemote(call: Call, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  signal.throwIfAborted();
  const deadline = call.clock.deadline(call.timeoutMs, signal);
  const made: ChildProcess[] = [];
  const note = (message: unknown): void => {
    if (!isChildMessage(message)) return;
    made.push(message.process);
    message.process.on("error", () => {}); // simple-git listens to none that it could not give streams
  };
  let pid: number | undefined;
  let bytes = 0;
  const stop = (): void => killGroup(pid);
  const processes = channel("child_process");
  processes.subscribe(note);
  deadline.signal.addEventListener("abort", stop, { once: true });
  let ended: Omit<Ended, "timedOut"> = { code: -1, stdout: "", stderr: "" };
  const git = simpleGit({
    baseDir: call.folder,
    binary: call.setsid === undefined ? call.gitPath : [call.setsid, call.gitPath],
    abort: deadline.signal, // ends git itself, should its process not be found
    allowEnvironment: Object.keys(call.environment),
    unsafe: {
      allowUnsafeCustomBinary: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeSshCommand: true,
    },
    // simple-git takes a failure without words on stderr for a success: only exit code 0 is one
    errors: (error, result) => {
      ended = textOf(result);
      return error ?? (result.exitCode === 0 ? undefined : new Error("git failed"));
    },
  })
    .env({ ...call.environment })
    .outputHandler((_command, stdout, stderr) => {
      for (const said of [stdout, stderr]) {
        said.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > OUTPUT_BYTES_MAX) stop();
        });
      }
      pid = made.find((child) => child.stdout === stdout)?.pid;
      made.length = 0;
      processes.unsubscribe(note);
      if (deadline.signal.aborted) stop();
    });
  try {
    await git.raw([...args]);
  } catch (error) {
    if (ended.code === 0) throw error;
    if (made.some(({ stdin }) => stdin === undefined)) ended = { ...ended, stderr: NO_MORE_FILES };
    if (ended.stderr === "" && error instanceof Error) ended = { ...ended, stderr: error.message };
  } finally {
    processes.unsubscribe(note);
    deadline.signal.removeEventListener("abort", stop);
    deadline.release();
    if (pid !== undefined) killMembers(pid); // what git left running, such as an ssh that waits for ever
  }
  signal.throwIfAborted();
  if (bytes > OUTPUT_BYTES_MAX) ended = { code: -1, stdout: "", stderr: "fatal: the answer has no end" };
  return { ...ended, timedOut: ended.code !== 0 && deadline.expired() };
}

function isChildMessage(message: unknown): message is { readonly process: ChildProcess } {
  return typeof message === "object" && message !== null && "process" in message;
}

/** What simple-git tells of a process: its exit code is null when it was killed. */
interface Told {
  readonly exitCode: number | null;
  readonly stdOut: readonly Buffer[];
  readonly stdErr: readonly Buffer[];
}

function textOf(told: Told): Omit<Ended, "timedOut"> {
  return {
    code: told.exitCode ?? -1,
    stdout: Buffer.concat(told.stdOut).toString(),
    stderr: Buffer.concat(told.stdErr).toString(),
  };
}
