import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** A process that was started here. The start mark tells it from a later process that got the same id. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly started: string;
  readonly command: readonly string[];
}

/** Starts a program that outlives this one, its output going to `log`. */
export function startDetached(name: string, command: readonly string[], log: string): ProcessRecord {
  const [program = "", ...args] = command;
  const output = openSync(log, "a");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  child.on("error", () => undefined); // a program that cannot start has no pid, which is said below
  child.unref();
  if (child.pid === undefined) throw new Error(`${name}: cannot start ${program}`);
  return { name, pid: child.pid, started: startMark(child.pid) ?? "", command };
}

/** Something that stays the same while process `pid` lives and differs for the next one of that id; undefined when gone. */
export function startMark(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : fields[19]; // proc(5): state is field 3, starttime field 22
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(record: { readonly pid: number; readonly started: string }): boolean {
  return startMark(record.pid) === record.started;
}

/** Sends a signal, if the process is still the one that was started. */
export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, signal);
  } catch {
    // it ended in between
  }
}

/** Whether every thread of a process stands still after SIGSTOP, which takes a moment on a busy machine. */
export function isStopped({ pid }: ProcessRecord): boolean {
  const states = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8"));
  return states.every((stat) => /^\d+ \(.*\) T/s.test(stat));
}

/** Ends a process: politely for `graceMs`, then not. */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<void> {
  signalProcess(record, "SIGCONT"); // a paused one hears nothing
  signalProcess(record, "SIGTERM");
  if (await until(() => !isAlive(record), graceMs)) return;
  signalProcess(record, "SIGKILL");
  await until(() => !isAlive(record), 5_000);
}

/** Asks `done` every 20 ms until it is true, or the time is up. */
export async function until(done: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  for (const end = Date.now() + limitMs; ; ) {
    if (await done()) return true;
    if (Date.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
