import type { Clock } from "../model/index.ts";
import { allowed } from "./environment.ts";
import { runLocal } from "./process.ts";

const TIMEOUT_MS = 5_000;

/**
 * Who somebody is to git, `Ada <ada@example.org>`: by GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, or by the user's own settings of
 * git; those of a repository at hand are not read. Undefined when git does not know.
 */
export async function gitUser(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const setting = async (key: string): Promise<string> => {
    const call = {
      gitPath: "git",
      folder: "/",
      environment: { ...allowed(environment), GIT_CONFIG_NOSYSTEM: "1" },
      timeoutMs: TIMEOUT_MS,
      clock,
    };
    const ended = await runLocal(call, ["config", "--global", "--get", key], "", signal);
    return ended.code === 0 ? ended.stdout.trim() : "";
  };
  const name = environment["GIT_AUTHOR_NAME"] || (await setting("user.name"));
  const email = environment["GIT_AUTHOR_EMAIL"] || (await setting("user.email"));
  if (name === "" && email === "") return undefined;
  return email === "" ? name : `${name} <${email}>`.trimStart();
}
