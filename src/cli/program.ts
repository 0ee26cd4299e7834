import { Argument, Command, Option } from "commander";
import type { CommandSpec } from "./command.ts";
import { build } from "./commands/build.ts";
import { completionOf } from "./commands/completion.ts";
import { confirm } from "./commands/confirm.ts";
import { demo } from "./commands/demo.ts";
import { diff } from "./commands/diff.ts";
import { events } from "./commands/events.ts";
import { history } from "./commands/history.ts";
import { orphans } from "./commands/orphans.ts";
import { run } from "./commands/run.ts";
import { services } from "./commands/services.ts";
import { settings } from "./commands/settings.ts";
import { status } from "./commands/status.ts";
import { resume, suspend } from "./commands/suspend.ts";
import { sync } from "./commands/sync.ts";
import { trace } from "./commands/trace.ts";
import { tree } from "./commands/tree.ts";
import { version } from "./commands/version.ts";
import { why } from "./commands/why.ts";
import { FLAGS, type Flag, type FlagName, variableOf } from "./flags.ts";
import type { Given } from "./settings.ts";
import { VERSION } from "./version.ts";

/** What the arguments ask for. */
export interface Asked {
  readonly spec: CommandSpec;
  readonly arguments: readonly string[];
  readonly given: Given;
}

/** Every command, in the order of help. */
export function commandSpecs(): readonly CommandSpec[] {
  const others = [
    sync,
    diff,
    build,
    services,
    settings,
    status,
    history,
    events,
    suspend,
    resume,
    confirm,
    orphans,
    why,
    tree,
    trace,
    run,
    demo,
    version,
  ];
  return [...others, completionOf(others)];
}

/** The commander program; `onCommand` hears what was asked for. Writes nothing by itself but help, through `write`. */
export function newProgram(onCommand: (asked: Asked) => void, write: (text: string) => void, columns: number): Command {
  const program = new Command("gitops")
    .description("Reconciles one big GitOps monorepo into Kubernetes: one process, one bulkhead per service.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureOutput({ writeOut: write, writeErr: () => {}, getOutHelpWidth: () => columns })
    .showSuggestionAfterError(true)
    .exitOverride()
    .addHelpText(
      "after",
      `\nEvery flag has an environment variable: --repo is GITOPS_REPO. Flags win.\n\nExamples:\n${examplesText(OVERVIEW)}`,
    );
  for (const spec of commandSpecs()) addCommand(program, spec, onCommand);
  return program;
}

const OVERVIEW: CommandSpec["examples"] = [
  { does: "see how it works, without a cluster", line: "gitops demo" },
  { does: "what would change", line: "gitops diff --repo https://github.com/acme/releases --path clusters/prod" },
  { does: "make it so", line: "gitops sync --repo https://github.com/acme/releases --path clusters/prod" },
  { does: "keep it so", line: "gitops run --repo https://github.com/acme/releases --path clusters/prod" },
];

function addCommand(program: Command, spec: CommandSpec, onCommand: (asked: Asked) => void): void {
  const command = program
    .command(spec.name)
    .summary(spec.summary)
    .description(spec.text.replaceAll("\n", " "))
    .allowExcessArguments(false)
    .addHelpText("after", `\nExamples:\n${examplesText(spec.examples)}\nExit codes:\n${exitsText(spec.exits)}`);
  const { argument } = spec;
  if (argument !== undefined) {
    const one = new Argument(`<${argument.name}${argument.many === true ? "..." : ""}>`, argument.text);
    command.addArgument(argument.choices === undefined ? one : one.choices([...argument.choices]));
  }
  for (const name of spec.flags) command.addOption(optionOf(name));
  command.action(() => onCommand({ spec, arguments: command.args, given: command.opts() }));
}

function optionOf(name: FlagName): Option {
  const flag: Flag = FLAGS[name];
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` ${flag.value}`;
  const fallback = flag.fallback === undefined ? "" : ` (default: ${flag.fallback})`;
  const option = new Option(`${short}--${flag.name}${value}`, `${flag.text}${fallback}`).helpGroup(`${flag.group}:`);
  // commander would read --no-color as a negated --color and set it to true by default
  if (name === "noColor") option.negate = false;
  option.attributeName = () => name;
  if (flag.kind === "list")
    option.argParser((one: string, before: readonly string[] | undefined) => [...(before ?? []), one]);
  return option;
}

function examplesText(examples: CommandSpec["examples"]): string {
  return examples.map(({ does, line }) => `  # ${does}\n  $ ${line}\n`).join("\n");
}

function exitsText(exits: CommandSpec["exits"]): string {
  return exits.map(({ code, means }) => `  ${String(code).padEnd(4)}${means}\n`).join("");
}

/** For documentation. */
export function flagsOf(spec: CommandSpec): readonly (Flag & { readonly variable: string })[] {
  return spec.flags.map((name) => ({ ...(FLAGS[name] as Flag), variable: variableOf(FLAGS[name]) }));
}
