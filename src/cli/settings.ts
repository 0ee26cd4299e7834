import { isAbsolute, join, resolve } from "node:path";
import type { Credentials } from "../git/index.ts";
import {
  type DeleteLimit,
  durationMs,
  type Failure,
  type ForeignTool,
  failed,
  globProblem,
  ok,
  type Result,
} from "../model/index.ts";
import type { BreakerChange } from "../plan/index.ts";
import type { Format } from "../report/index.ts";
import { FLAGS, type Flag, type FlagName, variableOf } from "./flags.ts";
import type { World } from "./world.ts";

/** Everything a command was told, by flags, by the environment, or by default. Durations are milliseconds. */
export interface Settings {
  readonly repo: string;
  readonly ref: string;
  readonly path: string;
  readonly cacheDir: string;
  readonly allowHttp: boolean;
  readonly credentials: Credentials;
  readonly cluster: ClusterChoice;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The uid of the cluster that is meant. */
  readonly clusterUid?: string;
  readonly defaultNamespace: string;
  readonly scope: string;
  /** Where status is kept; empty: nowhere. */
  readonly statusNamespace: string;
  readonly reason?: string;
  /** Milliseconds from now, or since 1970. */
  readonly until?: { readonly inMs: number } | { readonly atMs: number };
  readonly services: readonly string[];
  /** Tools that objects are taken over from although they are at work. */
  readonly adopt: readonly ForeignTool[];
  readonly confirm?: string;
  /** Only what is given: it goes over what the repository's settings say. */
  readonly breaker: BreakerChange;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
  readonly staleAfterMs: number;
  readonly pollMs: number;
  readonly intervalMs: number;
  readonly stuckAfterMs: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly keep: boolean;
  readonly output: Format | "text";
  readonly verbose: boolean;
  readonly noColor: boolean;
}

/** Which cluster: a real one, or one inside this process, which may be kept in a file. */
export type ClusterChoice =
  | { readonly kind: "kubeconfig" }
  | { readonly kind: "empty" }
  | { readonly kind: "embedded"; readonly file?: string };

/** Flags as they were given: strings, `true` for switches, lists for those that can be repeated. */
export type Given = Readonly<Record<string, unknown>>;

export const GLOB_REMEDY =
  "give a service's id or a glob over ids, such as 'payments/*', with quotes that keep the shell away";

const CONCURRENCY_MAX = 256;

/** Reads flags and environment; every one that is wrong is named. */
export function readSettings(
  given: Given,
  world: Pick<World, "env" | "cwd" | "home" | "podNamespace">,
): Result<Settings> {
  const read = newReader(given, world.env);
  const path = read.folder("path");
  const kubeconfig = read.text("kubeconfig");
  const context = read.text("context");
  const [clusterUid, reason, until] = [read.text("clusterUid"), read.text("reason"), read.time("until")];
  const confirm = read.text("confirm");
  if (confirm !== undefined && !/^[0-9a-f]{7,64}$/.test(confirm)) {
    read.refuse(
      "confirm",
      `${JSON.stringify(confirm)} is no commit`,
      "give at least 7 digits of the commit at which deletes are held",
    );
  }
  const settings: Settings = {
    repo: repository(read.text("repo") ?? ".", world.cwd),
    ref: read.text("ref") ?? "HEAD",
    path,
    cacheDir: resolve(world.cwd, read.text("cacheDir") ?? join(cacheHome(world), "gitops")),
    allowHttp: read.switched("allowHttp"),
    credentials: credentialsFrom(read, world),
    cluster: read.cluster(world.cwd),
    ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(world.cwd, kubeconfig) }),
    ...(context === undefined ? {} : { context }),
    defaultNamespace: read.text("defaultNamespace") ?? "default",
    scope: read.text("scope") ?? (path === "" ? "default" : path),
    ...(clusterUid === undefined ? {} : { clusterUid }),
    statusNamespace: read.namespace("statusNamespace", world.podNamespace ?? "gitops-system"),
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { until }),
    services: globsFrom(read),
    adopt: toolsFrom(read),
    ...(confirm === undefined ? {} : { confirm }),
    breaker: breakerFrom(read),
    concurrency: read.count("concurrency", 16, 1, CONCURRENCY_MAX),
    timeoutMs: read.duration("timeout", 30 * 60_000),
    dryRun: read.switched("dryRun"),
    staleAfterMs: read.duration("staleAfter", 3_600_000),
    pollMs: read.duration("poll", 15_000),
    intervalMs: read.duration("interval", 5 * 60_000),
    stuckAfterMs: read.duration("stuckAfter", 15 * 60_000),
    keep: read.switched("keep"),
    listen: read.address("listen", { host: "0.0.0.0", port: 8080 }),
    output: read.output(),
    verbose: read.switched("verbose"),
    noColor: read.switched("noColor"),
  };
  return read.failures.length === 0 ? ok(settings) : failed(...read.failures);
}

/** A local folder counts from where the program was started; anything else is left for git/ to judge. */
function repository(text: string, cwd: string): string {
  const local = text === "." || text === ".." || text.startsWith("./") || text.startsWith("../");
  return local ? resolve(cwd, text) : text;
}

function cacheHome({ env, home }: Pick<World, "env" | "home">): string {
  const set = env["XDG_CACHE_HOME"];
  return set !== undefined && isAbsolute(set) ? set : join(home, ".cache");
}

/** ssh runs in a folder of git's, so its files are named from the root; a home folder it finds by itself. */
function credentialsFrom(read: Reader, { env, cwd }: Pick<World, "env" | "cwd">): Credentials {
  const fileOf = (name: FlagName): string | undefined => {
    const text = read.text(name);
    return text === undefined || text.startsWith("~") ? text : resolve(cwd, text);
  };
  const [file, key, known] = [fileOf("gitTokenFile"), fileOf("sshKey"), fileOf("knownHosts")];
  const named = read.text("gitTokenEnv");
  const helper = read.switched("gitCredentialHelper");
  const given = [file, key, named, helper ? "helper" : undefined].filter((one) => one !== undefined);
  if (given.length > 1) {
    read.refuse(
      "gitTokenFile",
      "more than one way to log in is given",
      "give one of --git-token-file, --git-token-env, --ssh-key and --git-credential-helper",
    );
  }
  const user = read.text("gitUsername");
  const username = user === undefined ? {} : { username: user };
  if (file !== undefined) return { from: "file", path: file, ...username };
  if (key !== undefined)
    return { from: "ssh-key", keyFile: key, ...(known === undefined ? {} : { knownHosts: known }) };
  if (helper) return { from: "helper" };
  const token = env[named ?? "GITOPS_GIT_TOKEN"];
  if (token !== undefined && token !== "") return { from: "value", password: token, ...username };
  if (named !== undefined)
    read.refuse("gitTokenEnv", `the environment variable ${named} is not set`, "set it, or name another");
  return { from: "none" };
}

const TOOLS: readonly ForeignTool[] = ["flux", "helm", "argo", "kapp"];

function globsFrom(read: Reader): readonly string[] {
  const globs = read.list("service");
  // Commas between names that a script left empty: none is meant, which must not become all.
  if (globs.length === 0 && read.text("service") !== undefined)
    read.refuse("service", "it names no service", GLOB_REMEDY);
  for (const glob of globs) {
    const problem = globProblem(glob);
    if (problem !== undefined) read.refuse("service", problem, GLOB_REMEDY);
  }
  return globs;
}

function toolsFrom(read: Reader): readonly ForeignTool[] {
  const names = read.list("adopt").flatMap((one) => one.split(",").map((name) => name.trim()));
  const wrong = names.filter((name) => name !== "" && name !== "all" && !TOOLS.some((tool) => tool === name));
  for (const name of wrong) {
    read.refuse("adopt", `${JSON.stringify(name)} is no tool that is known`, `give one of ${TOOLS.join(", ")}, or all`);
  }
  return TOOLS.filter((tool) => names.includes(tool) || names.includes("all"));
}

function breakerFrom(read: Reader): BreakerChange {
  const limit = (count: FlagName, share: FlagName): Partial<DeleteLimit> => {
    const part = read.text(share) === undefined ? undefined : read.share(share, 0);
    return {
      ...(read.text(count) === undefined ? {} : { max: read.count(count, 0, 0, 1_000_000) }),
      ...(part === undefined ? {} : { share: part }),
      // No share at all means no delete, also of those that are usually free.
      ...(part === 0 ? { free: 0 } : {}),
    };
  };
  return {
    service: limit("maxDeletes", "maxDeleteShare"),
    run: limit("maxRunDeletes", "maxRunDeleteShare"),
    gone: limit("maxGoneServices", "maxGoneShare"),
  };
}

interface Reader {
  readonly failures: readonly Failure[];
  refuse(name: FlagName, message: string, remedy: string): void;
  text(name: FlagName): string | undefined;
  list(name: FlagName): readonly string[];
  switched(name: FlagName): boolean;
  count(name: FlagName, fallback: number, min: number, max: number): number;
  share(name: FlagName, fallback: number): number;
  duration(name: FlagName, fallbackMs: number): number;
  folder(name: FlagName): string;
  namespace(name: FlagName, fallback: string): string;
  time(name: FlagName): Settings["until"];
  address(name: FlagName, fallback: Settings["listen"]): Settings["listen"];
  output(): Settings["output"];
  cluster(cwd: string): ClusterChoice;
}

function newReader(given: Given, env: World["env"]): Reader {
  const failures: Failure[] = [];
  const variable = (flag: Flag): string | undefined => {
    const value = env[variableOf(flag)];
    return value === "" ? undefined : value;
  };
  const text = (name: FlagName): string | undefined => {
    const value = given[name];
    return typeof value === "string" ? value : variable(FLAGS[name]);
  };
  const refuse: Reader["refuse"] = (name, message, remedy) => {
    const source = given[name] === undefined ? variableOf(FLAGS[name]) : `--${FLAGS[name].name}`;
    failures.push({ code: "usage/invalid-flag", message: `${source}: ${message}`, remedy });
  };
  /** The value read, or the fallback: when there is none, and, with a complaint, when it is wrong. */
  const parsed = <T>(name: FlagName, fallback: T, parse: (value: string) => T | undefined, remedy: string): T => {
    const value = text(name);
    if (value === undefined) return fallback;
    const result = parse(value);
    if (result === undefined) refuse(name, `${JSON.stringify(value)} is not valid`, remedy);
    return result ?? fallback;
  };
  return {
    failures,
    refuse,
    text,
    list(name) {
      const value = given[name];
      if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
      return (variable(FLAGS[name]) ?? "")
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    },
    switched(name) {
      if (given[name] === true) return true;
      const words: Readonly<Record<string, boolean>> = { "1": true, true: true, "0": false, false: false };
      return parsed(name, false, (value) => words[value.toLowerCase()], "give true or false");
    },
    count: (name, fallback, min, max) =>
      parsed(name, fallback, (value) => integer(value, min, max), `give a whole number from ${min} to ${max}`),
    share: (name, fallback) => parsed(name, fallback, shareOf, "give a share from 0% to 100%"),
    duration: (name, fallback) => parsed(name, fallback, positiveMs, "give a duration such as 90s, 5m or 1h30m"),
    namespace: (name, fallback) => parsed(name, fallback, namespaceOf, 'give the name of a namespace, or "" for none'),
    time: (name) =>
      parsed<Settings["until"]>(
        name,
        undefined,
        timeOf,
        "give a duration such as 2h, or a time such as 2026-05-01T08:00:00Z",
      ),
    folder: (name) => parsed(name, "", folderOf, "give a folder of the repository, such as clusters/prod"),
    address: (name, fallback) => parsed(name, fallback, addressOf, "give host:port, such as 127.0.0.1:8080"),
    cluster: (cwd) =>
      parsed<ClusterChoice>(
        "cluster",
        { kind: "kubeconfig" },
        (value) => clusterOf(value, cwd),
        "give kubeconfig, empty, embedded, or embedded: and a file",
      ),
    output: () => parsed<Settings["output"]>("output", "text", outputOf, "give text, json or yaml"),
  };
}

function integer(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function shareOf(text: string): number | undefined {
  const value = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text)?.[1];
  return value === undefined || Number(value) > 100 ? undefined : Number(value) / 100;
}

function positiveMs(text: string): number | undefined {
  const ms = durationMs(text);
  return ms === undefined || ms < 1 ? undefined : ms;
}

/** A folder relative to the root, in git's form. */
function folderOf(text: string): string | undefined {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") || text.startsWith("/") ? undefined : parts.join("/");
}

/** The name of a namespace, by the rules of Kubernetes; empty and `off` mean none. */
function namespaceOf(text: string): string | undefined {
  if (text === "" || text === "off") return "";
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text) ? text : undefined;
}

/** A duration from now, or a time with its zone. */
function timeOf(text: string): Settings["until"] {
  const inMs = positiveMs(text);
  if (inMs !== undefined) return { inMs };
  const zoned = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const atMs = zoned ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : { atMs };
}

function addressOf(text: string): Settings["listen"] | undefined {
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const number = integer(port, 0, 65_535);
  if (number === undefined) return undefined;
  return { host: host === "" ? "0.0.0.0" : host.replace(/^\[(.*)\]$/, "$1"), port: number };
}

function clusterOf(text: string, cwd: string): ClusterChoice | undefined {
  if (text === "kubeconfig" || text === "empty" || text === "embedded") return { kind: text };
  const file = /^embedded:(.+)$/.exec(text)?.[1];
  return file === undefined ? undefined : { kind: "embedded", file: resolve(cwd, file) };
}

function outputOf(text: string): Settings["output"] | undefined {
  return text === "text" || text === "json" || text === "yaml" ? text : undefined;
}
