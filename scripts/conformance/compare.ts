import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { type Failure, placeText } from "../../src/model/index.ts";
import type { OurAnswer } from "./engine.ts";

/** How one case went. `byteEqual` is known where there were two texts. */
export interface Verdict {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "refused";
  readonly byteEqual?: boolean;
  readonly reason?: string;
  /** A unified diff, expected to got. */
  readonly diff?: string;
}

/** What kustomize can do and this engine will not: codes that make a case refused instead of failed. */
const REFUSALS: readonly string[] = ["build/unsupported-plugin", "build/unsupported-remote", "build/unsupported-helm"];

const DIFF_LINES_MAX = 200;

/** Compares our answer with the text that the reference gave. `strict`: the bytes must be equal, not just the documents. */
export function compareText(name: string, ours: OurAnswer, expected: string, strict: boolean): Verdict {
  if (!ours.ok) return refusedOrFailed(name, ours.failures);
  if (ours.yaml === expected) {
    return objectsDiffer(ours, expected)
      ? { name, outcome: "failed", byteEqual: true, reason: "the text is right, the objects say something else" }
      : { name, outcome: "passed", byteEqual: true };
  }
  const equal = isDeepStrictEqual(documents(ours.yaml), documents(expected));
  const diff = unifiedDiff(expected, ours.yaml);
  if (!equal) return { name, outcome: "failed", byteEqual: false, reason: "the documents differ", diff };
  return strict
    ? { name, outcome: "failed", byteEqual: false, reason: "equal documents, other bytes", diff }
    : { name, outcome: "passed", byteEqual: false, diff };
}

/** A case that must fail: any clear error will do, an output will not. */
export function compareError(name: string, ours: OurAnswer, expected: string): Verdict {
  if (ours.ok) return { name, outcome: "failed", reason: `must fail: ${expected}`, diff: unifiedDiff("", ours.yaml) };
  const unclear = ours.failures.length === 0 || ours.failures.some((f) => f.message === "" || f.remedy === "");
  return unclear ? { name, outcome: "failed", reason: "failed without saying why" } : { name, outcome: "passed" };
}

function refusedOrFailed(name: string, failures: readonly Failure[]): Verdict {
  const refused = failures.length > 0 && failures.every(({ code }) => REFUSALS.includes(code));
  return { name, outcome: refused ? "refused" : "failed", reason: failures.map(failureLine).join("; ") };
}

export function failureLine(failure: Failure): string {
  const place = failure.at === undefined ? "" : `${placeText(failure.at)}: `;
  return `${failure.code}: ${place}${failure.message}`;
}

/** Documents as data; map keys in any order, documents in theirs. Integers of any size are exact. */
function documents(text: string): unknown {
  return parseAllDocuments(text, { intAsBigInt: true, uniqueKeys: false, logLevel: "error" }).map((document) =>
    document.errors.length > 0 ? { unreadable: text } : (document.toJS({ maxAliasCount: -1 }) as unknown),
  );
}

/** Reconciling uses objects, not text: there must be one for each document, of the same identity, in the same order. */
function objectsDiffer(ours: OurAnswer & { ok: true }, expected: string): boolean {
  const names = parseIdentities(expected);
  return !isDeepStrictEqual(
    ours.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    names,
  );
}

/** `kind name` of each document of text that kustomize wrote: keys of the first two levels are plain there. */
function parseIdentities(text: string): readonly string[] {
  if (text.trim() === "") return [];
  return text.split(/^---\n/m).map((document) => {
    const kind = /^kind: (.*)$/m.exec(document)?.[1] ?? "";
    const metadata = /^metadata:\n((?: .*\n?|-.*\n?|#.*\n?|\n)*)/m.exec(document)?.[1] ?? "";
    return `${unquoted(kind)} ${unquoted(/^ {2}name: (.*)$/m.exec(metadata)?.[1] ?? "")}`;
  });
}

function unquoted(scalar: string): string {
  return scalar.replace(/\s+#.*$/, "").replace(/^(["'])(.*)\1$/, "$2");
}

/** Git is there wherever this project is; its diff is the one that people know. */
function unifiedDiff(expected: string, got: string): string {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    writeFileSync(join(folder, "expected"), expected);
    writeFileSync(join(folder, "got"), got);
    execFileSync("git", ["diff", "--no-index", "--no-color", "--no-ext-diff", "expected", "got"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 30,
    });
    return "";
  } catch (cause) {
    const lines = String((cause as { stdout?: unknown }).stdout ?? cause).split("\n");
    return lines.slice(4, 4 + DIFF_LINES_MAX).join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
