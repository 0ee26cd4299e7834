import type { CommandSpec } from "../command.ts";
import { EXIT } from "../exit.ts";
import { FLAGS } from "../flags.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** The completion command, for the commands given; it completes itself, too. */
export function completionOf(others: readonly CommandSpec[]): CommandSpec {
  const completion: CommandSpec = {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    text: "Prints a script that completes commands and flags.",
    argument: { name: "shell", text: "bash, zsh or fish", choices: SHELLS },
    flags: [],
    examples: [
      { does: "bash, now", line: "source <(gitops completion bash)" },
      { does: "zsh, for good", line: 'gitops completion zsh > "${fpath[1]}/_gitops"' },
      { does: "fish, for good", line: "gitops completion fish > ~/.config/fish/completions/gitops.fish" },
    ],
    exits: [
      { code: 0, means: "printed" },
      { code: 2, means: "no such shell" },
    ],
    run({ argument, printer }) {
      const shell = SHELLS.find((one) => one === argument);
      if (shell !== undefined) printer.raw(scriptFor(shell, [...others, completion]));
      return Promise.resolve(shell === undefined ? EXIT.couldNotRun : EXIT.ok);
    },
  };
  return completion;
}

function scriptFor(shell: Shell, commands: readonly CommandSpec[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
  }
}

const longFlags = (command: CommandSpec): readonly string[] => [
  ...command.flags.map((name) => `--${FLAGS[name].name}`),
  "--help",
];

function bash(commands: readonly CommandSpec[]): string {
  const cases = commands.map((command) => {
    const words = [...(command.argument?.choices ?? []), ...longFlags(command)];
    return `    ${command.name}) words="${words.join(" ")}" ;;`;
  });
  return `# bash completion for gitops
_gitops() {
  local words current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$previous" in
    -o|--output) COMPREPLY=($(compgen -W "text json yaml" -- "$current")); return ;;
    --cache-dir|--kubeconfig|--ssh-key|--known-hosts|--git-token-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(" ")} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _gitops gitops
`;
}

function zsh(commands: readonly CommandSpec[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
  const list = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map((command) => {
    const flags = command.flags.map((name) => {
      const flag = FLAGS[name];
      const many = flag.kind === "list" ? "*" : "";
      const value =
        flag.kind === "switch" ? "" : flag.kind === "output" ? ":format:(text json yaml)" : `:${flag.name}:_files`;
      return `      '${many}--${flag.name}[${quoted(flag.text)}]${value}'`;
    });
    const choices =
      command.argument?.choices === undefined
        ? []
        : [`      '1:${command.argument.name}:(${command.argument.choices.join(" ")})'`];
    return `    ${command.name}) _arguments \\\n${[...flags, "      '--help[show help]'", ...choices].join(" \\\n")} ;;`;
  });
  return `#compdef gitops
_gitops() {
  local -a commands
  commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  shift words; (( CURRENT-- ))
  case "$words[1]" in
${cases.join("\n")}
  esac
}
compdef _gitops gitops
`;
}

function fish(commands: readonly CommandSpec[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => [
    `complete -c gitops -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...command.flags.map((name) => {
      const flag = FLAGS[name];
      const value = flag.kind === "switch" ? "" : flag.kind === "output" ? " -x -a 'text json yaml'" : " -r";
      return `complete -c gitops -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.name}${value} -d ${quoted(flag.text)}`;
    }),
    ...(command.argument?.choices === undefined
      ? []
      : [
          `complete -c gitops -n '__fish_seen_subcommand_from ${command.name}' -a '${command.argument.choices.join(" ")}'`,
        ]),
  ]);
  return `# fish completion for gitops\ncomplete -c gitops -f\n${lines.join("\n")}\n`;
}
