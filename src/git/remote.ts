import { type Failure, failed, ok, type Result, type Revision } from "../model/index.ts";
import { openAskpass } from "./askpass.ts";
import { type Credentials, helperEnvironment, loginFor, sshWords } from "./credentials.ts";
import { type Environment, readingEnvironment, remoteEnvironment, sshCommand } from "./environment.ts";
import { type Call, type Ended, runRemote } from "./process.ts";
import type { RefName } from "./ref-name.ts";
import { refusalOf } from "./refusal.ts";
import type { Repository } from "./repository.ts";

/** One remote repository and how to talk to it. */
export interface Remote {
  readonly repository: Repository;
  /** How git is called to read or keep the objects of a folder, without any network. */
  reading(gitDir: string): Call;
  /** Runs a git command that talks to the remote: options of ours, then `--`, the URL and the operands. */
  call(gitDir: string, options: readonly string[], operands: readonly string[], signal: AbortSignal): Promise<Called>;
  /** What a failed call means, without any credential in it. */
  refusal(called: Called): readonly Failure[];
}

/** How a call ended; `refused` says why when it is known better than from git's words. */
export interface Called extends Ended {
  readonly refused?: readonly Failure[];
}

/** A ref as the remote has it. `name` is the full ref; for a commit the id. */
export interface Resolved {
  readonly name: string;
  readonly revision: Revision;
}

export function openRemote(
  repository: Repository,
  credentials: Credentials,
  base: Environment,
  call: Omit<Call, "environment">,
): Remote {
  const secrets: string[] = []; // only to keep them out of what git says
  const remember = (username: string, password: string): void => {
    for (const secret of [password, `${username}:${password}`]) if (!secrets.includes(secret)) secrets.push(secret);
    if (secrets.length > 8) secrets.splice(0, secrets.length - 8); // tokens rotate
  };
  const reading = (gitDir: string): Call => ({ ...call, environment: readingEnvironment(base, gitDir) });
  return {
    repository,
    reading,
    async call(gitDir, options, operands, signal) {
      const helper: Call = { ...call, environment: helperEnvironment(base) };
      const login = await loginFor(credentials, repository, helper, signal);
      if (!login.ok) return { code: -1, stdout: "", stderr: "", timedOut: false, refused: login.failures };
      const environment: Record<string, string> = {
        ...remoteEnvironment(base, gitDir, repository.transport),
        // over http git takes any page for the ref list of a static file server; the trace shows whether git answered
        ...(isHttp(repository) && options[0] === "ls-remote" ? { GIT_TRACE_PACKET: "1" } : {}),
        ...(repository.transport === "ssh" ? { GIT_SSH_COMMAND: sshCommand(sshWords(credentials)) } : {}),
      };
      const args = [...options, "--", repository.url, ...operands];
      if (login.value === undefined) return runRemote({ ...call, environment }, args, signal);
      remember(login.value.username, login.value.password);
      const askpass = await openAskpass(login.value, repository.origin, reading(gitDir), signal);
      try {
        return await runRemote({ ...call, environment: { ...environment, ...askpass.environment } }, args, signal);
      } finally {
        await askpass.close();
      }
    },
    refusal: (called) => called.refused ?? [refusalOf(called, repository, call.timeoutMs, secrets)],
  };
}

/**
 * Asks the remote where a ref points, as cheaply as that goes: one `ls-remote` for exactly the names in question. A branch
 * goes before a tag of the same name. An answer without the ref is told apart from an empty repository.
 */
export async function resolveRef(
  remote: Remote,
  gitDir: string,
  wanted: RefName,
  signal: AbortSignal,
): Promise<Result<Resolved>> {
  if (wanted.kind === "commit") {
    return ok({ name: wanted.commit, revision: { ref: wanted.commit, commit: wanted.commit } });
  }
  const patterns = wanted.candidates.flatMap((name) => (name === "HEAD" ? [name] : [name, `${name}^{}`]));
  const some = await remote.call(gitDir, ["ls-remote", "--symref"], patterns, signal);
  if (some.code !== 0) return failed(...remote.refusal(some));
  const resolved = pick(wanted, some.stdout);
  if (resolved !== undefined) return ok(resolved);
  const all = await remote.call(gitDir, ["ls-remote", "--symref"], [], signal);
  if (all.code !== 0) return failed(...remote.refusal(all));
  const late = pick(wanted, all.stdout);
  if (late !== undefined) return ok(late);
  const refs = refsOf(all.stdout);
  if (refs.size === 0 && isHttp(remote.repository) && !all.stderr.includes(PACKET)) {
    return failed(...remote.refusal({ ...all, code: -1, stderr: "fatal: invalid server response" }));
  }
  return failed(absent(remote.repository.url, wanted.text, [...refs.keys()]));
}

/** What git's packet trace has for anything that a git server said. */
const PACKET = "packet:";

function pick(wanted: RefName & { readonly kind: "ref" }, answer: string): Resolved | undefined {
  const refs = refsOf(answer);
  for (const name of wanted.candidates) {
    const commit = refs.get(`${name}^{}`) ?? refs.get(name);
    if (commit === undefined) continue;
    const ref = (name === "HEAD" ? headBranchOf(answer) : undefined) ?? wanted.text;
    return { name, revision: { ref, commit } };
  }
  return undefined;
}

/** The branch that HEAD stands for, which `ls-remote --symref` tells first; undefined when it is on none. */
function headBranchOf(answer: string): string | undefined {
  return /^ref: refs\/heads\/([^\t\n]+)\tHEAD$/m.exec(answer)?.[1];
}

function isHttp(repository: Repository): boolean {
  return repository.transport === "http" || repository.transport === "https";
}

/** The failure for a ref that is not among a repository's refs: another one when it has none at all. */
export function absent(url: string, text: string, refs: readonly string[]): Failure {
  const branches = refs.filter((ref) => ref.startsWith("refs/heads/")).map((ref) => ref.slice("refs/heads/".length));
  if (refs.length === 0) {
    return {
      code: "source/empty-repository",
      message: `${url} has no commit yet`,
      remedy: "push a first commit; nothing is changed meanwhile",
    };
  }
  if (/^[0-9a-f]{7,39}$/i.test(text)) {
    return {
      code: "source/ref-not-found",
      message: `${url} has no branch or tag ${JSON.stringify(text)}`,
      remedy: `if it is the beginning of a commit, give all of its digits, which git rev-parse ${text} prints in a clone: no server looks for a part of them`,
    };
  }
  const shown = branches.slice(0, 5).join(", ") + (branches.length > 5 ? ", …" : "");
  return {
    code: "source/ref-not-found",
    message: `${url} has no branch or tag ${JSON.stringify(text)}`,
    remedy: shown === "" ? "push it, or ask for another ref" : `push it, or ask for another ref (branches: ${shown})`,
  };
}

/** ls-remote's lines, `<id>\t<ref>`. */
function refsOf(stdout: string): ReadonlyMap<string, string> {
  const lines = stdout.split("\n").flatMap((line) => {
    const [, id = "", ref = ""] = /^([0-9a-f]{40}|[0-9a-f]{64})\t([^\t]+)$/.exec(line) ?? [];
    return id === "" ? [] : [[ref, id] as const];
  });
  return new Map(lines);
}
