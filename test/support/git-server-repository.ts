import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** What a path becomes: a file's text or bytes, a symlink, a gitlink, a tree that is there, another path moved here, or `null`: it goes away. */
type Change =
  | string
  | Uint8Array
  | null
  | { readonly symlink: string }
  | { readonly gitlink: string }
  | { readonly tree: string }
  | { readonly movedFrom: string };

export type Changes = Readonly<Record<string, Change>>;

/** A bare repository that tests write commits into. Ids are the same in every run: authors and times are fixed. */
export interface Repository {
  readonly path: string;
  /** Commits on top of a branch and answers the commit's id. */
  commit(changes: Changes, message: string, branch?: string): Promise<string>;
  /** Runs git in it and answers what it prints. Throws when git fails. */
  git(...args: string[]): Promise<string>;
}

const FIRST_COMMIT_SECONDS = 1_750_000_000;

/** Makes a bare repository without commits; its HEAD is `main`. */
export async function createRepository(path: string, options: { readonly sha256?: boolean } = {}): Promise<Repository> {
  const format = options.sha256 === true ? "sha256" : "sha1";
  await runGit([
    "init",
    "--quiet",
    "--bare",
    "--template=",
    "--initial-branch=main",
    `--object-format=${format}`,
    path,
  ]);
  let commits = 0;
  const git = (...args: string[]): Promise<string> => runGit(["-C", path, ...args]);
  return {
    path,
    git,
    async commit(changes, message, branch = "main") {
      const ref = `refs/heads/${branch}`;
      const parent = await git("rev-parse", "--verify", "--quiet", ref).catch(() => "");
      const seconds = FIRST_COMMIT_SECONDS + commits++ * 60;
      const head = [
        `commit ${ref}`,
        `author Ada Nilsson <ada@example.org> ${seconds} +0000`,
        `committer Ada Nilsson <ada@example.org> ${seconds} +0000`,
        ...data(message),
        ...(parent === "" ? [] : [`from ${ref}^0`]),
      ];
      const body = Object.entries(changes).flatMap(([file, change]) => commands(file, change));
      await runGit(["-C", path, "fast-import", "--quiet", "--force", "--date-format=raw"], [...head, ...body, ""]);
      return git("rev-parse", ref);
    },
  };
}

/** The files below a folder of the disk, as changes. */
export function filesBelow(folder: string): Changes {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map((file) => posix.relative(folder, join(file.parentPath, file.name))).sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

/** git-fast-import(1) for one change. */
function commands(path: string, change: Change): readonly (string | Uint8Array)[] {
  const name = quoted(path);
  if (change === null) return [`D ${name}`];
  if (typeof change === "string" || change instanceof Uint8Array) return [`M 100644 inline ${name}`, ...data(change)];
  if ("symlink" in change) return [`M 120000 inline ${name}`, ...data(change.symlink)];
  if ("tree" in change) return [`M 040000 ${change.tree} ${name}`];
  if ("gitlink" in change) return [`M 160000 ${change.gitlink} ${name}`];
  return [`R ${quoted(change.movedFrom)} ${name}`];
}

function data(content: string | Uint8Array): readonly (string | Uint8Array)[] {
  return [`data ${Buffer.byteLength(content)}`, content];
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function runGit(args: readonly string[], lines: readonly (string | Uint8Array)[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
    const child = spawn("git", args, { env });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => {}); // told by the exit code
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString().trimEnd());
      else reject(new Error(`git ${args.join(" ")}: ${Buffer.concat(err).toString()}`));
    });
    for (const line of lines) {
      child.stdin.write(line);
      child.stdin.write("\n");
    }
    child.stdin.end();
  });
}
