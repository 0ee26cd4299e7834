import { type ControllerIo, runController } from "../../controller/index.ts";
import type { Clock } from "../../model/index.ts";
import { newLog, newMetrics } from "../../report/index.ts";
import { type Call, type CommandSpec, passRequest, withEngine } from "../command.ts";
import type { Engine } from "../engine.ts";
import { EXIT } from "../exit.ts";
import { SERVING } from "../flags.ts";
import { logLines } from "../log-lines.ts";
import { writeRecord } from "../record.ts";
import { VERSION } from "../version.ts";

/** Supervisors that allow 30 seconds, as Kubernetes does, still see an end by ourselves. */
const GRACE_MS = 20_000;

/** Whoever confirms or resumes something looks at what becomes of it. */
const ASKED_MS = 10_000;

export const run: CommandSpec = {
  name: "run",
  summary: "sync whenever the ref moves, and at an interval for drift",
  text: `Stays, looks at the ref every --poll, and syncs when it moved; compares with the cluster every --interval even when it did not.
What people suspend, resume or confirm is noticed within seconds.
Serves /healthz, /readyz and /metrics, and logs one JSON object a line to stderr. SIGTERM stops it at a safe point, within
20 seconds.`,
  flags: SERVING,
  examples: [
    {
      does: "keep a cluster as git says",
      line: "gitops run --repo https://github.com/acme/releases --path clusters/prod",
    },
    { does: "look more often", line: "gitops run --repo … --poll 5s --interval 1m" },
  ],
  exits: [
    { code: 0, means: "stopped by SIGTERM or Ctrl-C, at a safe point" },
    { code: 2, means: "it could not begin: flags, the address to serve at" },
    { code: 143, means: "stopped by SIGTERM (130: by Ctrl-C), and had to be cut short" },
  ],
  run(call) {
    return withEngine(
      call,
      async (engine, { signal }) => {
        const io = await controllerIo(call, engine);
        const { pollMs, intervalMs, stuckAfterMs, listen } = call.settings;
        const ended = await runController(io, { pollMs, intervalMs, stuckAfterMs, listen }, signal);
        return ended.ok ? EXIT.ok : call.printer.error(ended.failures, EXIT.couldNotRun);
      },
      { graceMs: GRACE_MS, forStop: true },
    );
  },
};

async function controllerIo({ settings, world }: Call, engine: Engine): Promise<ControllerIo> {
  const { clock, stderr } = world;
  return {
    clock,
    random: Math.random,
    log: await newLog(
      logLines(stderr, () => clock.nowMs()),
      () => clock.nowMs(),
      settings.verbose ? "debug" : "info",
    ),
    metrics: await newMetrics(VERSION, () => engine.liveStats()),
    latest: (signal) => engine.latest(signal),
    onHint(listener) {
      engine.watch(() => listener("drift"));
      const over = new AbortController();
      void hearPeople(engine, clock, () => listener("asked"), over.signal);
      return () => {
        over.abort("over");
        engine.watch(() => undefined);
      };
    },
    async pass(onEvent, signal, cancelWaits) {
      const deadline = clock.deadline(settings.timeoutMs, signal);
      const request = { ...passRequest(settings, "sync"), cancelWaits };
      return engine.pass(request, onEvent, deadline.signal).finally(() => deadline.release());
    },
    onOutcome: (outcome) => writeRecord(settings, outcome, world),
  };
}

/** Tells, once each time, that people asked for something since the last pass. */
async function hearPeople(engine: Engine, clock: Clock, tell: () => void, signal: AbortSignal): Promise<void> {
  for (let told = ""; !signal.aborted; ) {
    try {
      await clock.sleep(ASKED_MS, signal);
      const asked = await engine.askedSince(signal);
      if (asked !== undefined && asked !== told) tell();
      told = asked ?? "";
    } catch {
      // Stopped, or a fault of one look: the next pass reads it in any case.
    }
  }
}
