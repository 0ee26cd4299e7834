import { createHash } from "node:crypto";
import type { BuildAnswer, BuildJob } from "../builders/index.ts";
import { type Failure, type Manifest, type Place, type Service, type Tree } from "../model/index.ts";
import { manifestText, objectProblem } from "../plan/index.ts";
import type { Io } from "./pass-types.ts";
import { doubtOf, noteEnding } from "./quarantine.ts";
import type { OpenRevision } from "./revision.ts";

/** A build's answer, and whether it was made now or known from before. */
export interface KnownBuild {
  readonly answer: BuildAnswer;
  readonly built: boolean;
  /** Paths that are not as the last build with the same settings found them; absent when none is known. */
  readonly changed?: readonly string[];
}

/** Whoever waits for a build. */
export interface Waiter {
  /** Told that it takes long. */
  readonly onLate: () => void;
  /** Gives up. Made when it is asked for: most builds are known, and need none. */
  signal(): AbortSignal;
}

/**
 * The objects of a service: from the cache when nothing of its footprint changed, else built. Failures that are a function
 * of the footprint are kept like results; those that say nothing about the input (deadline, memory, crash) are not.
 */
export async function buildService(
  io: Pick<Io, "builders" | "cache" | "memory">,
  revision: OpenRevision,
  service: Service,
  waiter: Waiter,
): Promise<KnownBuild> {
  const known = await knownBuild(io, revision, service, waiter);
  const { answer } = known;
  if (!answer.ok || io.memory?.soundBuilds.has(answer) === true) return known;
  const failures = invalidObjects(answer, service);
  if (failures.length > 0) return { ...known, answer: { ok: false, failures, footprint: answer.footprint } };
  io.memory?.soundBuilds.add(answer);
  return known;
}

/** What was built and is no object: kustomize passes it on. */
function invalidObjects(answer: BuildAnswer & { ok: true }, service: Service): readonly Failure[] {
  return placed(answer, service).flatMap(({ manifest, at }): readonly Failure[] => {
    const problem = objectProblem(manifest);
    if (problem === undefined) return [];
    const message = `${manifestText(manifest)} is no Kubernetes object: ${problem}`;
    return [
      { code: "build/invalid-object", message, remedy: "correct it there, or in what changes it on its way", at },
    ];
  });
}

async function knownBuild(
  io: Pick<Io, "builders" | "cache" | "memory">,
  revision: OpenRevision,
  service: Service,
  waiter: Waiter,
): Promise<KnownBuild> {
  if (service.declared !== undefined) return { answer: asBuilt(service.declared), built: false };
  const job = buildJob(revision, service);
  const key = cacheKey(io.builders.engine, service, job);
  const known = await readCached(io, service.id, key);
  const changed = known && changedSince(known.footprint, revision.snapshot.tree);
  if (known !== undefined && changed?.length === 0) return { answer: known, built: false, changed };
  const signal = waiter.signal();
  const suspect = { cache: io.cache, key, service, snapshot: revision.snapshot, heapMb: io.builders.heapMb };
  const doubt = await doubtOf(suspect, signal);
  if (typeof doubt === "object")
    return { answer: { ok: false, failures: [{ ...doubt, at: service.at }] }, built: false };
  const last = doubt === "last";
  const asked = { ...job, last, onLate: () => waiter.onLate(), onRun: () => io.cache.begin(key, last) };
  const answer = await io.builders.build(asked, signal);
  await noteEnding(suspect, answer, signal);
  const text = cacheText(answer);
  if (text !== undefined) {
    await io.cache.write(key, text);
    io.memory?.builds.set(service.id, { key, text, answer });
  }
  return { answer, built: true, ...(changed === undefined ? {} : { changed }) };
}

function changedSince(footprint: BuildAnswer["footprint"], tree: Tree): readonly string[] {
  return (footprint ?? []).flatMap(([path, id]) => ((tree.entry(path)?.id ?? "absent") === id ? [] : [path]));
}

/** How a service is built: a Flux Kustomization builds like Flux does, a plain folder like `kustomize build`. */
export function buildJob(revision: Pick<OpenRevision, "files">, service: Service): BuildJob {
  const flux = service.origin === "flux";
  const { targetNamespace, overlay } = service.settings;
  return {
    service: service.id,
    folder: service.folder,
    source: revision.files,
    options: {
      loadRestrictions: flux ? "none" : "rootOnly",
      generate: flux,
      ...(targetNamespace === "" ? {} : { namespace: targetNamespace }),
      ...(overlay === undefined ? {} : { overlay }),
    },
  };
}

function asBuilt(declared: NonNullable<Service["declared"]>): BuildAnswer {
  return { ok: true, objects: declared, footprint: [] };
}

function cacheKey(engine: string, service: Service, { folder, options }: BuildJob): string {
  const input = [engine, service.id, folder, JSON.stringify(options)];
  return createHash("sha256").update(JSON.stringify(input)).digest("hex");
}

type Cached = Exclude<BuildAnswer, { text: string }>;

async function readCached(
  { cache, memory }: Pick<Io, "cache" | "memory">,
  service: string,
  key: string,
): Promise<BuildAnswer | undefined> {
  const text = await cache.read(key);
  if (text === undefined) return undefined;
  const before = memory?.builds.get(service);
  const cached = before?.key === key && before.text === text ? before.answer : parseCached(text);
  if (cached !== undefined) memory?.builds.set(service, { key, text, answer: cached });
  return cached?.footprint === undefined || cached.footprint.length === 0 ? undefined : cached;
}

/** The text begins with its own hash, so that a torn or edited entry is no entry. */
function cacheText(answer: BuildAnswer): string | undefined {
  if (answer.footprint === undefined || answer.footprint.length === 0) return undefined;
  if (!answer.ok && answer.failures.some(({ code }) => UNSTABLE.has(code))) return undefined;
  const { footprint } = answer;
  const kept: Cached = answer.ok
    ? { ok: true, footprint, objects: answer.objects }
    : { ok: false, footprint, failures: answer.failures };
  const body = JSON.stringify(kept, (_key, value: unknown) =>
    typeof value === "bigint" ? { [BIGINT]: String(value) } : value,
  );
  return `${digest(body)} ${body}`;
}

const UNSTABLE: ReadonlySet<string> = new Set(["build/deadline", "build/out-of-memory", "build/crashed"]);

function parseCached(text: string): BuildAnswer | undefined {
  const end = text.indexOf(" ");
  const body = text.slice(end + 1);
  if (end < 0 || digest(body) !== text.slice(0, end)) return undefined;
  return JSON.parse(body, (_key, value: unknown) => bigintOf(value) ?? value) as BuildAnswer;
}

function digest(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Stands for an integer that JSON's numbers cannot hold; no key of YAML has this character. */
const BIGINT = "\0bigint";

function bigintOf(value: unknown): bigint | undefined {
  const text = typeof value === "object" && value !== null && BIGINT in value ? value[BIGINT] : undefined;
  return typeof text === "string" ? BigInt(text) : undefined;
}

/** Objects of an answer with a place each: what the build cannot place is placed at the service's definition. */
export function placed(
  answer: BuildAnswer & { ok: true },
  service: Service,
): readonly { manifest: Manifest; at: Place }[] {
  return answer.objects.map(({ manifest, at }) => ({ manifest, at: at ?? service.at }));
}
