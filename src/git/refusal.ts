import type { Failure, FailureCode } from "../model/index.ts";
import type { Ended } from "./process.ts";
import type { Repository } from "./repository.ts";

interface Reading {
  readonly pattern: RegExp;
  readonly code: FailureCode;
  readonly message: string;
  readonly remedy: string;
}

const LOGIN = "check the user, token or key, and that it may read the repository";

/** What git says on stderr (in the C locale) and what it means, first match first. */
const READINGS: readonly Reading[] = [
  {
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/,
    code: "source/authentication",
    message: "the ssh host key is not known or has changed",
    remedy: "compare it with what the host publishes, and put it into the known_hosts file",
  },
  {
    pattern:
      /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|requested URL returned error: (?:401|403)|Permission denied \((?:publickey|password|keyboard)|invalid credentials|Identity file .* not accessible|Load key /i,
    code: "source/authentication",
    message: "the credentials were missing or not accepted",
    remedy: LOGIN,
  },
  {
    pattern: /couldn't find remote ref|not our ref|unadvertised object|no such ref/i,
    code: "source/ref-not-found",
    message: "the ref is not there",
    remedy: "check its spelling, and that it was pushed",
  },
  {
    pattern: /detected dubious ownership/,
    code: "usage/invalid-repository",
    message: "the repository belongs to another user",
    remedy: "give its path instead of a file URL, or run as its owner",
  },
  {
    pattern: /transport '.*' not allowed|Protocol ".*" (?:not supported|disabled)|Unsupported protocol/i,
    code: "source/unreachable",
    message: "it leads to a protocol that is not allowed",
    remedy: "give the URL that the server redirects to",
  },
  {
    pattern:
      /repository '.*' not found|returned error: 404|does not appear to be a git repository|Repository not found/i,
    code: "source/unreachable",
    message: "there is no such repository, or it is hidden from these credentials",
    remedy: "check the URL and the credentials",
  },
  {
    pattern:
      /not valid: is this a git repository|invalid server response|bad line length|protocol error|expected flush/i,
    code: "source/unreachable",
    message: "what answered is no git server",
    remedy: "check the URL; a proxy or a login page may be in the way",
  },
  {
    pattern: /Could not resolve host|Name or service not known|Temporary failure in name resolution/i,
    code: "source/unreachable",
    message: "the host name cannot be resolved",
    remedy: "check the URL and the network; nothing is changed meanwhile",
  },
  {
    pattern: /returned error: (?:429|5\d\d)/,
    code: "source/unreachable",
    message: "the server is not well",
    remedy: "try again later; nothing is changed meanwhile",
  },
  {
    pattern: /SSL certificate problem|server certificate verification failed|SSL_ERROR|unable to get local issuer/i,
    code: "source/unreachable",
    message: "the server's certificate is not trusted",
    remedy: "install the authority's certificate, or name it in SSL_CERT_FILE",
  },
  {
    pattern:
      /unable to access|unable to connect|Connection (?:refused|reset|closed|timed out)|hung up|early EOF|RPC failed|unexpected disconnect|Could not read from remote|Operation too slow|transfer closed|fetch-pack: |No route to host/i,
    code: "source/unreachable",
    message: "the connection failed or broke off",
    remedy: "try again; check the network and the server; nothing is changed meanwhile",
  },
  {
    pattern: /No space left on device|Read-only file system|Disk quota exceeded|File too large/i,
    code: "source/damaged",
    message: "the cache folder cannot be written",
    remedy: "free space there, or give another cache folder",
  },
];

/** What a failed call to a remote means. git's own words are added, without control characters and without `secrets`. */
export function refusalOf(
  ended: Ended,
  repository: Repository,
  timeoutMs: number,
  secrets: readonly string[],
): Failure {
  if (ended.timedOut) {
    return {
      code: "source/timeout",
      message: `${repository.url} gave no full answer within ${timeoutMs} ms`,
      remedy: "try again, or allow more time; nothing is changed meanwhile",
    };
  }
  const told = ended.stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "" && !TRACE.test(line));
  const reading = READINGS.find(({ pattern }) => told.some((line) => pattern.test(line)));
  const words = wordsOf(told, secrets);
  const said = words === "" ? "" : ` (git: ${words})`;
  return {
    code: reading?.code ?? "source/unreachable",
    message: `cannot read ${repository.url}: ${reading?.message ?? "git failed"}${said}`,
    remedy: reading?.remedy ?? "try git ls-remote with the same URL; nothing is changed meanwhile",
  };
}

/** A line of git's own trace, such as `12:00:00.000000 pkt-line.c:80   packet:   git< version 2`. */
const TRACE = /^\d\d:\d\d:\d\d\.\d+ /;

/** The first telling line of what git said, made fit to print. */
function wordsOf(told: readonly string[], secrets: readonly string[]): string {
  const line = told.find((text) => /^(?:fatal|error|ssh|remote|\S+@\S+):/.test(text)) ?? told[0] ?? "";
  return withoutSecrets(line.replace(/\p{Cc}/gu, " "), secrets)
    .trim()
    .replace(/\.$/, "")
    .slice(0, 300);
}

/** Takes secrets out of a text, as they are, URL-encoded and base64, and the userinfo of any URL. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s'"]*@/gi, "$1");
  for (const secret of secrets) {
    if (secret === "") continue;
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")])
      clean = clean.replaceAll(form, "***");
  }
  return clean;
}
