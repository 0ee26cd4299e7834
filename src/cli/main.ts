import { CommanderError } from "commander";
import type { Failure } from "../model/index.ts";
import type { OpenEngine } from "./engine.ts";
import { EXIT } from "./exit.ts";
import { newPrinter } from "./printer.ts";
import { type Asked, newProgram } from "./program.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** Runs one command line. Answers the exit code; prints to the world's streams. */
export async function main(world: World, open: OpenEngine): Promise<number> {
  const asked = ask(world);
  if (typeof asked === "number") return asked;
  const settings = readSettings(asked.given, world);
  if (!settings.ok) return complain(world, settings.failures);
  const { output, noColor } = settings.value;
  const printer = newPrinter(output, noColor, world);
  try {
    return await asked.spec.run({
      argument: asked.arguments[0] ?? "",
      arguments: asked.arguments,
      settings: settings.value,
      world,
      printer,
      open,
      again: (other) => main(other, open),
    });
  } catch (error) {
    // Expected failures are values; what is thrown is a bug, and says so.
    if (settings.value.verbose && error instanceof Error) world.stderr.write(`${error.stack ?? ""}\n`);
    return printer.error([bugOf(error)], EXIT.couldNotRun);
  }
}

/** What was asked for, or the exit code when that was help, the version or nothing that could be understood. */
function ask(world: World): Asked | number {
  const asked: { is?: Asked } = {};
  const program = newProgram(
    (one) => (asked.is = one),
    (text) => world.stdout.write(text),
    world.stdout.columns(),
  );
  if (world.args.length === 0) {
    world.stderr.write(program.helpInformation());
    return EXIT.couldNotRun;
  }
  try {
    program.parse([...world.args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok; // help and version were asked for
    return complain(world, [misunderstood(error, world.args)]);
  }
  return asked.is ?? EXIT.couldNotRun;
}

/** Failures of the command line itself: the format asked for is honoured although the line was not understood. */
function complain(world: World, failures: readonly Failure[]): number {
  const wanted =
    / (?:-o|--output)[ =]?(json|yaml)(?: |$)/.exec(` ${world.args.join(" ")} `)?.[1] ?? world.env["GITOPS_OUTPUT"];
  const format: Settings["output"] = wanted === "json" || wanted === "yaml" ? wanted : "text";
  return newPrinter(format, world.args.includes("--no-color"), world).error(failures, EXIT.couldNotRun);
}

function misunderstood(error: CommanderError, args: readonly string[]): Failure {
  const [first = "", hint = ""] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(hint.trim())?.[1];
  const command = args.find((arg) => !arg.startsWith("-"));
  return {
    code: "usage/invalid-flag",
    message: first.replace(/\.$/, ""),
    remedy: suggestion === undefined ? helpLine(error, command) : `did you mean ${suggestion}?`,
  };
}

function helpLine(error: CommanderError, command: string | undefined): string {
  const known = command !== undefined && error.code !== "commander.unknownCommand";
  return known ? `gitops ${command} --help lists what there is` : "gitops --help lists what there is";
}

function bugOf(error: unknown): Failure {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: "reconcile/bug",
    message: `this is a bug: ${what.split("\n")[0] ?? ""}`,
    remedy: "report it, with what --verbose prints",
  };
}
