import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";

/** The layer table: a room may import the rooms listed, through their doors, and no others. It is the only copy. */
const may: Record<string, readonly string[]> = {
  model: [],
  kustomize: ["model"],
  plan: ["model"],
  health: ["model"],
  policy: ["model", "kustomize"],
  services: ["model", "kustomize", "policy"],
  git: ["model", "lock.ts"],
  cluster: ["model"],
  live: ["model", "plan", "cluster"],
  status: ["model", "plan", "cluster"],
  embedded: ["model", "cluster"],
  builders: ["model", "kustomize"],
  reconcile: ["model", "kustomize", "plan", "health", "policy", "services", "git", "cluster", "live", "builders"],
  report: ["model"],
  controller: ["model", "git", "services", "cluster", "live", "builders", "reconcile", "report"],
  cli: [
    "model",
    "kustomize",
    "plan",
    "policy",
    "services",
    "git",
    "cluster",
    "live",
    "status",
    "embedded",
    "builders",
    "reconcile",
    "report",
    "controller",
    "lock.ts",
  ],
  "clock.ts": ["model"],
  "lock.ts": ["model"],
};

interface Source {
  readonly file: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(`src/${file}`, "utf8") }));

/** Files beside the rooms, which are their own door. */
const ALONE: readonly string[] = ["clock.ts", "lock.ts"];

const roomOf = (path: string): string => path.split("/")[0] ?? "";

const crossings = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].flatMap(([, path = ""]) => {
    const target = posix.join(posix.dirname(file), path);
    const [from, to] = [roomOf(file), roomOf(target)];
    return from === to ? [] : [{ file, from, to, door: target === `${to}/index.ts` || ALONE.includes(target) }];
  }),
);

/** Files (outside the allowed ones) whose text matches a pattern. */
const users = (pattern: RegExp, allowed: readonly string[]): readonly string[] =>
  sources.filter(({ file, text }) => pattern.test(text) && !allowed.some((a) => file.startsWith(a))).map((s) => s.file);

describe("the house", () => {
  test("the scan read the source", () => {
    expect(crossings.length).toBeGreaterThan(0); // a check that sees no file must not pass
  });

  test("every room is in the layer table, and every import between rooms is allowed by it", () => {
    expect([...new Set(sources.map(({ file }) => roomOf(file)))].filter((room) => !(room in may))).toEqual([]);
    expect(crossings.filter((c) => !may[c.from]?.includes(c.to))).toEqual([]);
  });

  test("the layer table has no cycle", () => {
    const above = (room: string, seen: readonly string[]): readonly string[] =>
      seen.includes(room) ? [room] : (may[room] ?? []).flatMap((next) => above(next, [...seen, room]));
    expect(Object.keys(may).flatMap((room) => above(room, []))).toEqual([]);
  });

  test("rooms are entered by the door", () => {
    expect(crossings.filter((c) => !c.door)).toEqual([]);
  });

  test("time comes from clock.ts", () => {
    expect(users(/\bDate\.now\(|new Date\(\)|\bset(?:Timeout|Interval)\(|performance\.now\(/, ["clock.ts"])).toEqual(
      [],
    );
  });

  test("nothing below bin/ reads the environment, prints or exits, but cli", () => {
    expect(users(/\bprocess\.(?:env|exit|argv)\b|\bconsole\./, ["cli/"])).toEqual([]);
  });

  test("only git/ starts processes; only cluster/ uses client-node and undici; only git/ uses simple-git", () => {
    expect(users(/from "node:child_process"/, ["git/"])).toEqual([]);
    expect(users(/(?:from|import\()\s*"(?:@kubernetes\/client-node|undici)"/, ["cluster/"])).toEqual([]);
    expect(users(/from "simple-git"/, ["git/"])).toEqual([]);
  });

  test("pure rooms touch no disk and no network", () => {
    const pure = /^(?:model|kustomize|policy|plan|health|services)\//;
    expect(users(/from "node:(?!crypto|zlib|buffer)[a-z_/]+"/, []).filter((file) => pure.test(file))).toEqual([]);
  });

  test("no module-level state, no race that leaves the loser running", () => {
    expect(users(/^(?:export )?let\b|^var\b/m, [])).toEqual([]);
    expect(users(/Promise\.race\(/, [])).toEqual([]);
  });

  test("no room or file is named for nothing in particular", () => {
    const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|manager|processor|handler)(?:\.ts|\/)/;
    expect(sources.map((s) => s.file).filter((file) => vague.test(file))).toEqual([]);
  });
});
