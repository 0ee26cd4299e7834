// npm run conformance -- DIR… [--kustomize PATH] [-o text|json] [--jobs N]
// npm run conformance -- --generate N [--seed S] [--shrink] [-o text|json]
//
// Compares this engine with kustomize. DIR is a folder (or its .tar.gz) of `case.json` cases, or any tree of kustomizations,
// which is built by both. Exit 0: nothing failed. 1: something did. 2: could not run.
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { caseFolders, openFolder, runCase, runTree } from "./conformance/cases.ts";
import type { Verdict } from "./conformance/compare.ts";
import { runGenerated, shrinkGenerated } from "./conformance/generated.ts";
import { referenceKustomize } from "./reference-kustomize.ts";

const USAGE = `usage: npm run conformance -- DIR… [--kustomize PATH] [-o text|json] [--jobs N]
       npm run conformance -- --generate N [--seed S] [--shrink] [-o text|json]`;

interface Report {
  readonly verdicts: Verdict[];
  unbuilt: number;
  readonly lenient: string[];
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      kustomize: { type: "string" },
      output: { type: "string", short: "o", default: "text" },
      jobs: { type: "string", default: String(Math.min(4, availableParallelism())) },
      generate: { type: "string" },
      seed: { type: "string", default: "1" },
      shrink: { type: "boolean", default: false },
    },
  });
  const [jobs, generate, seed] = [Number(values.jobs), Number(values.generate ?? 0), Number(values.seed)];
  const numbers = [jobs, generate, seed].every(Number.isSafeInteger) && jobs > 0 && generate >= 0;
  if (!numbers || !["text", "json"].includes(values.output) || (positionals.length === 0 && generate === 0)) {
    throw new Error(USAGE);
  }
  const report: Report = { verdicts: [], unbuilt: 0, lenient: [] };
  if (generate > 0) report.verdicts.push(...(await generated(generate, seed, values.shrink)));
  for (const path of positionals) await runPath(path, values.kustomize, jobs, report);
  if (report.verdicts.length === 0)
    throw new Error("nothing was compared: no case.json and no folder that kustomize builds");
  process.stdout.write(values.output === "json" ? jsonReport(report) : textReport(report));
  return count(report, "failed") === 0 ? 0 : 1;
}

/** All verdicts, or with `--shrink` only the one of the smallest case that differs. */
async function generated(count: number, seed: number, shrink: boolean): Promise<readonly Verdict[]> {
  if (!shrink) return runGenerated(count, seed);
  return [(await shrinkGenerated(count, seed)) ?? { name: `${count} cases from seed ${seed}`, outcome: "passed" }];
}

async function runPath(path: string, kustomize: string | undefined, jobs: number, report: Report): Promise<void> {
  const { folder, temporary } = openFolder(path);
  try {
    const cases = caseFolders(folder);
    if (cases.length > 0) {
      report.verdicts.push(...cases.map((name) => runCase(folder, name)));
      return;
    }
    const walk = await runTree(folder, await referenceKustomize(kustomize), jobs);
    report.verdicts.push(...walk.verdicts);
    report.lenient.push(...walk.lenient);
    report.unbuilt += walk.unbuilt;
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function count({ verdicts }: Report, outcome: Verdict["outcome"]): number {
  return verdicts.filter((verdict) => verdict.outcome === outcome).length;
}

function totals(report: Report): string {
  return `${count(report, "passed")} passed, ${count(report, "failed")} failed, ${count(report, "refused")} refused`;
}

function byteEqual({ verdicts }: Report): { readonly equal: number; readonly compared: number } {
  const compared = verdicts.filter((verdict) => verdict.byteEqual !== undefined);
  return { equal: compared.filter((verdict) => verdict.byteEqual).length, compared: compared.length };
}

function jsonReport(report: Report): string {
  const counts = { byteEqual: byteEqual(report), unbuilt: report.unbuilt, lenient: report.lenient };
  return `${JSON.stringify({ cases: report.verdicts, ...counts, totals: totals(report) }, undefined, 2)}\n`;
}

function textReport(report: Report): string {
  const told = report.verdicts.filter(({ outcome }) => outcome !== "passed");
  const lines = told.flatMap(({ name, outcome, reason, diff }) => [
    `${outcome.padEnd(8)}${name === "" ? "." : name}  ${reason ?? ""}`,
    ...(diff === undefined || diff === "" ? [] : [diff.replace(/^/gm, "    ")]),
  ]);
  const { equal, compared } = byteEqual(report);
  if (report.unbuilt > 0) lines.push(`not built by the reference: ${report.unbuilt} folders`);
  lines.push(...report.lenient.map((line) => `  built by us all the same: ${line}`));
  lines.push(`byte-equal: ${equal} of ${compared} texts`, totals(report));
  return `${lines.join("\n")}\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 2;
}
