import { type Clock, failed, ok, type Result } from "../model/index.ts";
import { allowed, readingEnvironment } from "./environment.ts";
import { type Call, runLocal } from "./process.ts";

/** A bare repository of our own making, for demonstrations; its one branch is `main`. */
export interface NewRepository {
  readonly path: string;
  /** Puts a commit on top of `main` and answers its id. A file that becomes undefined goes away. */
  commit(
    files: Readonly<Record<string, string | undefined>>,
    message: string,
    signal: AbortSignal,
  ): Promise<Result<string>>;
}

export interface NewRepositoryOptions {
  readonly author: { readonly name: string; readonly email: string };
  /** The environment of the caller; a few well-known names of it are passed on to git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

const MAIN = "refs/heads/main";
const GIT_MS_MAX = 60_000;

/** Makes a bare repository without commits in a folder that does not exist yet. Nothing of git's configuration counts. */
export async function createRepository(
  path: string,
  { author, environment, clock }: NewRepositoryOptions,
  signal: AbortSignal,
): Promise<Result<NewRepository>> {
  const call: Call = {
    gitPath: "git",
    folder: "/",
    environment: readingEnvironment(allowed(environment), path),
    timeoutMs: GIT_MS_MAX,
    clock,
  };
  const git = async (args: readonly string[], input: string, until: AbortSignal): Promise<Result<string>> => {
    const ended = await runLocal(call, args, input, until);
    if (ended.code === 0) return ok(ended.stdout.trim());
    const words = (ended.stderr.split("\n")[0] ?? "").replace(/\p{Cc}/gu, " ").slice(0, 300);
    return failed({
      code: "source/damaged",
      message: `git ${args[0] ?? ""} failed for ${path}: ${words}`,
      remedy: "install git 2.29 or newer, and see that the folder can be written",
    });
  };
  const made = await git(["init", "--quiet", "--bare", "--template=", "--initial-branch=main"], "", signal);
  if (!made.ok) return made;
  return ok({
    path,
    async commit(files, message, until) {
      const parent = await git(["for-each-ref", "--format=%(objectname)", MAIN], "", until);
      if (!parent.ok) return parent;
      const who = `${author.name} <${author.email}> ${Math.floor(clock.nowMs() / 1000)} +0000`;
      const stream = [
        `commit ${MAIN}`,
        `committer ${who}`,
        data(message),
        ...(parent.value === "" ? [] : [`from ${MAIN}^0`]),
        ...Object.entries(files).flatMap(([file, text]) =>
          text === undefined ? [`D ${quoted(file)}`] : [`M 100644 inline ${quoted(file)}`, data(text)],
        ),
        "",
      ];
      const imported = await git(["fast-import", "--quiet", "--date-format=raw"], stream.join("\n"), until);
      return imported.ok ? git(["rev-parse", MAIN], "", until) : imported;
    },
  });
}

/** git-fast-import(1): a length in bytes, then the bytes. */
function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
