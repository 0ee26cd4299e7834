import { type Failure, globProblem, ok, type Result, serviceGlob } from "../../model/index.ts";
import { type IdleGlob, suspensionsDocument, suspensionsText } from "../../report/index.ts";
import type { Resumed } from "../../status/index.ts";
import { type Call, type CommandSpec, withEngine } from "../command.ts";
import type { Engine } from "../engine.ts";
import { EXIT } from "../exit.ts";
import { ASKING } from "../flags.ts";
import { GLOB_REMEDY } from "../settings.ts";
import { standingNeeded } from "../standing.ts";

export const suspend: CommandSpec = {
  name: "suspend",
  summary: "leave services alone, until a time or until they are resumed",
  text: `From the next pass on, of whichever process, nothing of these services is written or deleted. It is kept in the cluster with your
name and the reason, so that everybody sees it in gitops status. What git itself suspends needs no suspending.`,
  argument: { name: "glob", text: "ids of services, or globs over them, as --service takes them", many: true },
  flags: ["reason", "until", ...ASKING],
  examples: [
    {
      does: "during an incident, for two hours",
      line: "gitops suspend 'payments/*' --reason 'incident 4711' --until 2h --path clusters/prod",
    },
    {
      does: "everything, until a freeze is over",
      line: "gitops suspend '**' --reason freeze --until 2026-05-04T08:00:00Z",
    },
  ],
  exits: [
    { code: 0, means: "suspended" },
    { code: 2, means: "it could not run, or no reason was given" },
  ],
  run(call) {
    const { settings, printer, world } = call;
    const { reason = "", until } = settings;
    const nowMs = world.clock.nowMs();
    const untilMs = until === undefined ? undefined : "inMs" in until ? nowMs + until.inMs : until.atMs;
    const wrong = wrongRequest(call.arguments, reason, untilMs, nowMs);
    if (wrong !== undefined) return Promise.resolve(printer.error([wrong], EXIT.couldNotRun));
    const asked = { globs: call.arguments, reason: reason.trim(), ...(untilMs === undefined ? {} : { untilMs }) };
    return changed(call, async (engine, signal) => {
      const written = await engine.suspend(asked, signal);
      return written.ok ? ok({ left: written.value, notSuspended: [] }) : written;
    });
  },
};

export const resume: CommandSpec = {
  name: "resume",
  summary: "take suspensions back",
  text: `Takes suspensions back by the globs that they were asked for with; '*' takes all. The next pass brings the services to what git
says. Services that are suspended in git stay so. A glob by which nothing is suspended is told, and the others are taken back all the
same: to resume one service of a suspended glob, resume the glob and suspend the others.`,
  argument: { name: "glob", text: "globs as they were given to gitops suspend", many: true },
  flags: ASKING,
  examples: [
    { does: "one", line: "gitops resume 'payments/*' --path clusters/prod" },
    { does: "all", line: "gitops resume '*' --path clusters/prod" },
  ],
  exits: [
    { code: 0, means: "resumed" },
    { code: 1, means: "nothing was suspended by some of the globs" },
    { code: 2, means: "it could not run" },
  ],
  run: (call) => changed(call, (engine, signal) => engine.resume(call.arguments, signal)),
};

function wrongRequest(
  globs: readonly string[],
  reason: string,
  untilMs: number | undefined,
  nowMs: number,
): Failure | undefined {
  const [problem] = globs.flatMap((glob) => globProblem(glob) ?? []);
  if (problem !== undefined) return { code: "usage/invalid-flag", message: `<glob>: ${problem}`, remedy: GLOB_REMEDY };
  if (reason.trim() === "") {
    const remedy = "say in a few words why, for those who wonder: --reason 'incident 4711'";
    return { code: "usage/invalid-flag", message: "--reason is missing", remedy };
  }
  if (untilMs === undefined || untilMs > nowMs) return undefined;
  return {
    code: "usage/invalid-flag",
    message: `--until: ${new Date(untilMs).toISOString()} is past`,
    remedy: "give a duration such as 2h, or a time to come",
  };
}

/** Changes suspensions and shows all that hold then, with the services that are known. */
function changed(
  call: Call,
  change: (engine: Engine, signal: AbortSignal) => Promise<Result<Resumed>>,
): Promise<number> {
  const { printer, world } = call;
  return withEngine(call, async (engine, { signal }) => {
    const written = await change(engine, signal);
    if (!written.ok) return printer.error(written.failures, EXIT.couldNotRun);
    const standing = await standingNeeded(engine, signal);
    if (!standing.ok) return printer.error(standing.failures, EXIT.couldNotRun);
    const known = standing.value.services();
    const services = known.flatMap(({ service, suspended }) => (suspended === undefined ? [] : [service]));
    const { left, notSuspended } = written.value;
    const held = left.filter(({ glob }) => call.arguments.includes(glob));
    const idle = held.flatMap(({ glob }) =>
      idleGlob(
        glob,
        known.map(({ service }) => service),
      ),
    );
    const exit = notSuspended.length > 0 ? EXIT.some : EXIT.ok;
    printer.result(
      () => suspensionsDocument(left, services, notSuspended, exit),
      (paint) => suspensionsText(left, { services, notSuspended, idle }, world.clock.nowMs(), paint),
    );
    return exit;
  });
}

/** A glob that holds nobody: the service may be to come, or its id is longer than what was written. */
function idleGlob(glob: string, known: readonly string[]): readonly IdleGlob[] {
  if (known.some(serviceGlob(glob))) return [];
  const longer = `**/${glob}`;
  return [{ glob, ...(known.some(serviceGlob(longer)) ? { meant: longer } : {}) }];
}
