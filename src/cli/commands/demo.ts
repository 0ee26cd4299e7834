import type { Failure } from "../../model/index.ts";
import type { Paint } from "../../report/index.ts";
import type { Call, CommandSpec } from "../command.ts";
import { STATUS_NAMESPACE, type Stage, setStage } from "../demo/stage.ts";
import { type Scene, type Step, story } from "../demo/story.ts";
import { EXIT, signalExit } from "../exit.ts";
import { FLAGS, variableOf } from "../flags.ts";
import { paintFor } from "../printer.ts";
import { listenForStop } from "../stopping.ts";
import type { World } from "../world.ts";

const PATH = "clusters/dev";

export const demo: CommandSpec = {
  name: "demo",
  summary: "show what it does, with a repository and a cluster of its own",
  text: `Makes a repository with an example in a temporary folder, starts an API server in its own process, and runs this program
between the two: a first sync, a commit, drift, a delete, a mistake. After each step it asks the API server whether what must be
so is so. What people do, commits and edits, is shown as the command that does it. Needs git and nothing else, and takes all
away at the end.`,
  flags: ["keep", "noColor"],
  examples: [
    { does: "show it", line: "gitops demo" },
    { does: "and leave the cluster up to look around with kubectl", line: "gitops demo --keep" },
  ],
  exits: [
    { code: 0, means: "every step went as it must" },
    { code: 1, means: "some step did not" },
    { code: 2, means: "it could not run: git, or the temporary folder" },
    { code: 130, means: "stopped by Ctrl-C (143: by SIGTERM) before its end" },
  ],
  async run(call) {
    const { printer, settings } = call;
    const left: { stage?: Stage } = {};
    const world: World = {
      ...call.world,
      exit(code) {
        left.stage?.abandon();
        call.world.exit(code);
      },
    };
    const begunMs = world.clock.monotonicMs();
    const stopping = listenForStop(world, { forStop: true });
    const { signal } = stopping;
    try {
      const set = await setStage(world, signal);
      if (!set.ok) return printer.error(set.failures, EXIT.couldNotRun);
      left.stage = set.value;
      const wrong = await play({ ...call, world }, set.value, signal);
      const by = stopping.by();
      if (by !== undefined) return signalExit(by);
      if (wrong.length === 0) sayGood({ ...call, world }, begunMs);
      if (settings.keep) await stay(call, set.value, signal);
      return wrong.length === 0 ? EXIT.ok : printer.error(wrong, EXIT.some);
    } catch (error) {
      const by = stopping.by();
      if (by === undefined) throw error;
      return signalExit(by);
    } finally {
      await left.stage?.close();
      stopping.release();
    }
  },
};

function sayGood({ world, settings }: Call, begunMs: number): void {
  const paint = paintFor(world.stdout, settings.noColor, world.env);
  const seconds = ((world.clock.monotonicMs() - begunMs) / 1000).toFixed(1);
  world.stdout.write(`${paint.good(`every step went as it must, in ${seconds} s`)}\n`);
}

/** Answers what did not go as it must. */
async function play(call: Call, stage: Stage, signal: AbortSignal): Promise<readonly Failure[]> {
  const { world, settings } = call;
  const paint = paintFor(world.stdout, settings.noColor, world.env);
  const wrong: Failure[] = [];
  for (const scene of story()) {
    if (signal.aborted) break;
    world.stdout.write(`${paint.strong(scene.title)}\n`);
    wrong.push(...(await actOut(scene, call, stage, paint, signal)));
  }
  return wrong;
}

async function actOut(
  { deeds, steps }: Scene,
  call: Call,
  stage: Stage,
  paint: Paint,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const { stdout } = call.world;
  const wrong: Failure[] = [];
  for (const deed of deeds) {
    stdout.write(`${paint.warn(`$ ${deed.says}`)}\n`);
    const done = await deed.act(stage, signal);
    if (!done.ok) return done.failures;
  }
  stdout.write("\n");
  for (const step of steps) {
    const line = `gitops ${step.args.join(" ")}`;
    stdout.write(`${paint.note(`$ ${line}`)}   ${paint.quiet(`# ${step.why}`)}\n`);
    const before = stage.writes();
    const exit = await call.again({ ...call.world, args: step.args, env: environment(call, stage) });
    if (signal.aborted) return [];
    const found = await check(step, exit, stage, stage.writes() - before, signal);
    stdout.write(
      `${found.map(({ says, holds }) => (holds ? paint.good(`✓ ${says}`) : paint.bad(`✗ ${says}`))).join("\n")}\n\n`,
    );
    wrong.push(...found.filter(({ holds }) => !holds).map(({ says }) => bug(`${line} (${step.why}): not so: ${says}`)));
  }
  return wrong;
}

async function check(
  { exit: wanted, facts }: Step,
  exit: number,
  stage: Stage,
  writes: number,
  signal: AbortSignal,
): Promise<readonly { readonly says: string; readonly holds: boolean }[]> {
  const ended = { says: `exit ${exit}${exit === wanted ? "" : `, not ${wanted}`}`, holds: exit === wanted };
  const found = [ended];
  for (const fact of facts) found.push({ says: fact.says, holds: await fact.holds(stage, writes, signal) });
  return found;
}

function bug(message: string): Failure {
  return { code: "reconcile/bug", message, remedy: "report it, with all that was printed" };
}

/** What the program is told of the stage. Nothing that the caller has set for other calls of it counts. */
function environment({ world, settings }: Call, stage: Stage): World["env"] {
  const own = Object.entries(world.env).filter(([name]) => !name.startsWith("GITOPS_"));
  return {
    ...Object.fromEntries(own),
    ...(settings.noColor ? { NO_COLOR: "1" } : {}),
    [variableOf(FLAGS.repo)]: stage.repository.path,
    [variableOf(FLAGS.path)]: PATH,
    [variableOf(FLAGS.kubeconfig)]: stage.kubeconfig,
    [variableOf(FLAGS.cacheDir)]: `${stage.folder}/cache`,
    [variableOf(FLAGS.statusNamespace)]: STATUS_NAMESPACE,
  };
}

async function stay({ world, settings }: Call, stage: Stage, signal: AbortSignal): Promise<void> {
  const { folder, kubeconfig, repository } = stage;
  const paint = paintFor(world.stdout, settings.noColor, world.env);
  world.stdout.write(`${paint.strong("The cluster and the repository stay up until Ctrl-C.")} Look around:
  kubectl --kubeconfig ${kubeconfig} get deployments,services,configmaps -A
Commit and push, or edit something by hand, and sync:
  git clone ${repository.path}
  gitops sync --repo ${repository.path} --path ${PATH} --kubeconfig ${kubeconfig} --cache-dir ${folder}/cache
`);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
