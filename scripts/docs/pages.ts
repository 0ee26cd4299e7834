import { commandSpecs, flagsOf } from "../../src/cli/program.ts";
import { METRIC_DESCRIPTIONS } from "../../src/report/index.ts";
import { FAILURES } from "./failures.ts";
import { outputPage, schemaText } from "./output.ts";
import { settingsPage, settingsSchemaText } from "./settings.ts";

const MADE = "<!-- made by `npm run docs`; edit the program, not this page -->\n";

/** The reference pages, by path. `npm run docs` writes them, and a test holds them against the program. */
export function pages(): Readonly<Record<string, string>> {
  return {
    "docs/cli.md": cliPage(),
    "docs/failures.md": failuresPage(),
    "docs/metrics.md": metricsPage(),
    "docs/output.md": MADE + outputPage(),
    "docs/output.schema.generated.json": schemaText(),
    "docs/settings.md": MADE + settingsPage(table),
    "docs/gitops.schema.generated.json": settingsSchemaText(),
  };
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(header) + line(header.map(() => "---")) + rows.map(line).join("");
}

function cliPage(): string {
  const specs = commandSpecs();
  const list = specs.map(({ name, summary }) => [`[\`gitops ${name}\`](#gitops-${name})`, summary]);
  const sections = specs.map((spec) => {
    const argument =
      spec.argument === undefined ? "" : ` <${spec.argument.name}${spec.argument.many === true ? "..." : ""}>`;
    const flags = flagsOf(spec).map((flag) => [
      `\`${flag.short === undefined ? "" : `-${flag.short}, `}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}\``,
      flag.text,
      flag.fallback === undefined ? "" : flag.fallback,
      `\`${flag.variable}\``,
    ]);
    return [
      `## gitops ${spec.name}\n\n\`gitops ${spec.name}${argument}${flags.length > 0 ? " [flags]" : ""}\`\n\n${spec.text.replaceAll("\n", " ")}\n`,
      ...(spec.argument === undefined ? [] : [`\`<${spec.argument.name}>\`: ${spec.argument.text}.\n`]),
      `${spec.examples.map(({ does, line }) => `\`\`\`sh\n# ${does}\n${line}\n\`\`\`\n`).join("")}`,
      table(
        ["exit", "means"],
        spec.exits.map(({ code, means }) => [String(code), means]),
      ),
      ...(flags.length === 0 ? [] : [table(["flag", "what it does", "default", "environment"], flags)]),
    ].join("\n");
  });
  return `${MADE}
# Commands

${table(["command", "what it does"], list)}
A flag wins over its environment variable, and that over the default. Results go to stdout; progress and logs go to stderr.
Colours are used on a terminal; \`NO_COLOR\` turns them off, \`FORCE_COLOR\` on. A live line is drawn on a terminal when \`CI\` is not set.

Ctrl-C and SIGTERM end a command at a safe point: requests under way are awaited, none is begun, and the outcome is printed. The
second one ends it at once.

${sections.join("\n")}`;
}

function failuresPage(): string {
  const phases = [...new Set(Object.keys(FAILURES).map((code) => code.slice(0, code.indexOf("/"))))];
  const sections = phases.map((phase) => {
    const rows = Object.entries(FAILURES).filter(([code]) => code.startsWith(`${phase}/`));
    return `## ${phase}\n\n${table(
      ["code", "means", "what to do"],
      rows.map(([code, { means, remedy }]) => [`\`${code}\``, means, remedy]),
    )}`;
  });
  return `${MADE}
# Failures

Everything that may be expected to go wrong has a code. Codes are stable: scripts and alerts may match on them. The word before the
slash is the phase that found it. Each failure also says where (file and line, where there is one) and what to do next.

${sections.join("\n")}`;
}

function metricsPage(): string {
  const rows = METRIC_DESCRIPTIONS.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
  ]);
  return `${MADE}
# Metrics

\`gitops run\` serves these at \`/metrics\`, in the Prometheus text format.

${table(["metric", "type", "labels", "what it tells"], rows)}
Useful alerts:

\`\`\`yaml
# a service has not been as git says for half an hour
- alert: GitopsServiceLate
  expr: time() - gitops_last_success_timestamp_seconds > 1800
# no pass has run for a quarter of an hour: git or the cluster cannot be reached, or the program is stuck
- alert: GitopsNoPass
  expr: time() - gitops_last_pass_timestamp_seconds > 900
# deletes wait for somebody to confirm them
- alert: GitopsDeletesHeld
  expr: gitops_service_state{state="held"} == 1
# a service fails again and again
- alert: GitopsServiceFails
  expr: gitops_service_retry_attempts > 5
# the cluster was restored from a backup, or an old API server answered
- alert: GitopsClusterWentBack
  expr: increase(gitops_cluster_regressions_total[1h]) > 0
\`\`\`
`;
}
