import { readFile } from "node:fs/promises";
import { type Failure, failed, ok, type Result } from "../model/index.ts";
import type { Environment } from "./environment.ts";
import { type Call, runLocal } from "./process.ts";
import type { Repository } from "./repository.ts";

/** Where the password (or token) for https, or the key for ssh, comes from. Read anew for each call, so it may rotate. */
export type Credentials =
  | { readonly from: "none" }
  /** A value that the caller has, such as an environment variable's. */
  | { readonly from: "value"; readonly username?: string; readonly password: string }
  /** A file with the password alone, or with `username=` and `password=` lines. */
  | { readonly from: "file"; readonly path: string; readonly username?: string }
  /** The git credential helper that the user has configured. */
  | { readonly from: "helper" }
  /** A private key, and the hosts' keys; without `knownHosts` the user's own file counts. */
  | { readonly from: "ssh-key"; readonly keyFile: string; readonly knownHosts?: string };

/** What git's prompt is answered with. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What forges take for a user when the password is a token. */
const TOKEN_USER = "x-access-token";

/** The login for an http(s) repository; undefined when there is none to give. Credentials in the URL count last. */
export async function loginFor(
  credentials: Credentials,
  repository: Repository,
  helper: Call,
  signal: AbortSignal,
): Promise<Result<Login | undefined>> {
  if (repository.transport !== "https" && repository.transport !== "http") return ok(undefined);
  const username = repository.user ?? TOKEN_USER;
  switch (credentials.from) {
    case "value":
      return usable({ username: credentials.username ?? username, password: credentials.password });
    case "file":
      return fromFile(credentials.path, credentials.username ?? username);
    case "helper":
      return fromHelper(repository, helper, signal);
    case "ssh-key":
    case "none": {
      if (repository.password !== undefined) return usable({ username, password: repository.password });
      return ok(repository.user === undefined ? undefined : { username: repository.user, password: "" });
    }
  }
}

async function fromFile(path: string, username: string): Promise<Result<Login>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return failed(noCredentials(`the credentials file ${path} cannot be read (${why})`, "check the path and its mode"));
  }
  const named = /^password=(.*)$/m.exec(text)?.[1]?.trimEnd();
  if (named === undefined) return usable({ username, password: text.trim() });
  return usable({ username: /^username=(.*)$/m.exec(text)?.[1]?.trimEnd() ?? username, password: named });
}

/** Asks `git credential fill`, the only call that reads the user's git configuration. */
async function fromHelper(
  repository: Repository,
  helper: Call,
  signal: AbortSignal,
): Promise<Result<Login | undefined>> {
  const [, protocol = "", rest = ""] = /^(\w+):\/\/(.*)$/.exec(repository.url) ?? [];
  const slash = rest.indexOf("/");
  const [host, path] = [rest.slice(0, slash), rest.slice(slash + 1)];
  const user = repository.user === undefined ? "" : `username=${repository.user}\n`;
  const question = `protocol=${protocol}\nhost=${host}\npath=${path}\n${user}\n`;
  const ended = await runLocal(helper, ["credential", "fill"], question, signal);
  const field = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, "m").exec(ended.stdout)?.[1];
  const [username, password] = [field("username"), field("password")];
  if (ended.code === 0 && username !== undefined && password !== undefined) return usable({ username, password });
  return failed(
    noCredentials(
      `the git credential helper has nothing for ${repository.origin}`,
      "log in with it, or give credentials",
    ),
  );
}

function usable(login: Login): Result<Login> {
  if (login.password !== "" && !/[\0\r\n]/.test(login.username + login.password)) return ok(login);
  return failed(noCredentials("the password is empty or has a line break", "give the token or password on one line"));
}

function noCredentials(message: string, remedy: string): Failure {
  return { code: "source/authentication", message, remedy };
}

/** The environment in which the user's own credential helper runs. */
export function helperEnvironment(base: Environment): Environment {
  return { ...base, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "", GCM_INTERACTIVE: "never" };
}

/** Words for ssh: never a prompt, never an unknown host, never a wait without end. */
export function sshWords(credentials: Credentials): readonly string[] {
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=20", "ServerAliveInterval=15"];
  const words = [
    "ssh",
    ...[...options, "ClearAllForwardings=yes", "PermitLocalCommand=no"].flatMap((option) => ["-o", option]),
  ];
  if (credentials.from !== "ssh-key") return words;
  const known = credentials.knownHosts;
  return [
    ...words,
    "-F",
    "/dev/null",
    "-i",
    credentials.keyFile,
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "IdentityAgent=none",
    ...(known === undefined ? [] : ["-o", `UserKnownHostsFile=${known}`, "-o", "GlobalKnownHostsFile=/dev/null"]),
  ];
}
