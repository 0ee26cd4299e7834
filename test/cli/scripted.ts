import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Engine } from "../../src/cli/engine.ts";
import { main } from "../../src/cli/main.ts";
import type { Settings } from "../../src/cli/settings.ts";
import type { Sink, StopSignal, World } from "../../src/cli/world.ts";
import { ok, type PassEvent, type PassOutcome } from "../../src/model/index.ts";
import { manualClock } from "../support/manual-clock.ts";

/** What a test scripts: the engine's verbs that the command comes to use. */
export interface Script {
  readonly engine?: Partial<Engine>;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  /** The cache folder, to see what an earlier call left. */
  readonly cacheDir?: string;
}

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call under way. */
export interface Running {
  readonly done: Promise<Ran>;
  readonly clock: ReturnType<typeof manualClock>;
  readonly settings: readonly Settings[];
  /** Codes that the process was ended with at once. */
  readonly exits: readonly number[];
  stderr(): string;
  signal(name: StopSignal): void;
  resize(columns: number): void;
}

/** Starts `gitops ARGS` in a scripted world. */
export function start(args: readonly string[], script: Script = {}): Running {
  const clock = manualClock();
  const [stdout, stderr] = [sink(script.terminal === true), sink(script.terminal === true)];
  const listeners: { name: StopSignal; listener: () => void }[] = [];
  const exits: number[] = [];
  const settings: Settings[] = [];
  const own = script.cacheDir === undefined ? scratch() : undefined;
  const world: World = {
    args,
    env: { XDG_CACHE_HOME: script.cacheDir ?? own?.path ?? "", ...script.env },
    cwd: "/work",
    home: "/home/me",
    stdout: stdout.sink,
    stderr: stderr.sink,
    clock,
    onSignal(name, listener) {
      const one = { name, listener };
      listeners.push(one);
      return () => void listeners.splice(listeners.indexOf(one), 1);
    },
    exit: (code) => void exits.push(code),
  };
  const done = main(world, (given) => {
    settings.push(given);
    return Promise.resolve(ok({ ...unscripted, ...script.engine }));
  })
    .then((exit) => ({ exit, stdout: stdout.text(), stderr: stderr.text() }))
    .finally(() => own?.free());
  return {
    done,
    clock,
    settings,
    exits,
    stderr: () => stderr.text(),
    signal: (name) => listeners.filter((one) => one.name === name).forEach(({ listener }) => listener()),
    resize: (columns) => {
      stderr.resize(columns);
    },
  };
}

export async function run(args: readonly string[], script: Script = {}): Promise<Ran> {
  return start(args, script).done;
}

/** An engine's pass that tells some events and ends so. */
export function passing(outcome: PassOutcome, events: readonly PassEvent[] = []): Pick<Engine, "pass"> {
  return {
    pass(_, onEvent) {
      for (const event of events) onEvent(event);
      return Promise.resolve(outcome);
    },
  };
}

const notScripted = (): Promise<never> => Promise.reject(new Error("not scripted"));
const unscripted: Engine = {
  watch: () => undefined,
  liveStats: () => undefined,
  pass: notScripted,
  latest: notScripted,
  discover: notScripted,
  build: notScripted,
  owned: notScripted,
  orphans: notScripted,
  explain: notScripted,
  trees: notScripted,
  trace: notScripted,
  askedSince: () => Promise.resolve(undefined),
  standing: () => Promise.resolve(ok(undefined)),
  events: notScripted,
  suspend: notScripted,
  resume: notScripted,
  confirm: notScripted,
  close: () => Promise.resolve(),
};

function sink(terminal: boolean): { readonly sink: Sink; text(): string; resize(columns: number): void } {
  const state = { text: "", columns: 80, listeners: new Set<() => void>() };
  return {
    sink: {
      write(text) {
        state.text += text;
      },
      terminal,
      columns: () => state.columns,
      backlog: () => 0,
      onResize(listener) {
        state.listeners.add(listener);
        return () => void state.listeners.delete(listener);
      },
    },
    text: () => state.text,
    resize(columns) {
      state.columns = columns;
      for (const listener of state.listeners) listener();
    },
  };
}

/** A folder for a test; `free` takes it away. */
export function scratch(): { readonly path: string; free(): void } {
  const path = mkdtempSync(join(tmpdir(), "gitops-cli-"));
  return { path, free: () => rmSync(path, { recursive: true, force: true }) };
}

/** A call and all that it printed, as fixtures/cli shows it. */
export function transcript(args: readonly string[], { exit, stdout, stderr }: Ran): string {
  const word = (arg: string): string => (/^[\w./:=@-]+$/.test(arg) ? arg : `'${arg}'`);
  const said = stderr === "" ? "" : `--- stderr\n${stderr}`;
  return `$ gitops ${args.map(word).join(" ")}\n${stdout}${said}--- exit ${exit}\n`;
}

/** How a process ended, and all that it said. */
export async function saidBy(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<{ readonly exit: number | null; readonly stdout: string; readonly stderr: string }> {
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exit] = (await closed) as [number | null];
  return { exit, stdout, stderr };
}
