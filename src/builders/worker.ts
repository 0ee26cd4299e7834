import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type BuildLimits, build, buildText, newParseCache, type ParseCache } from "../kustomize/index.ts";
import type { Failure, Tree } from "../model/index.ts";
import { type BlobCache, blobCache, unpackBlobs } from "./blobs.ts";
import { crashed } from "./endings.ts";
import { type ListedEntry, type Listing, listedTree, parseListing } from "./listing.ts";
import { lockDown } from "./lockdown.ts";
import type { AskMessage, BuildAnswer, GiveMessage, JobMessage, ThreadMessage, ThreadSettings } from "./messages.ts";

/** The program of one build thread: a job in, an answer out, one after the other. It is bundled into one text. */
function serve(port: MessagePort, { asks, answered, blobBytesMax, limits }: ThreadSettings): void {
  const cache = newParseCache();
  const blobs = blobCache(blobBytesMax);
  const listings = new Map<string, Listing>();
  const ask = asking(asks, new Int32Array(answered));

  port.on("message", (job: JobMessage) => {
    for (const [id, content] of unpackBlobs(job.pack)) blobs.put(id, content);
    const listing = listings.get(job.source.key) ?? parseListing(textOf(job.source.listing), job.source.key);
    listings.delete(job.source.key);
    listings.set(job.source.key, listing);
    for (const oldest of listings.keys()) if (listings.size > LISTINGS_MAX) listings.delete(oldest);
    port.postMessage(answer(job, { cache, limits, listing, blobs, ask }));
  });
}

/** Revisions are looked at one after the other: the one at hand and the one before. */
const LISTINGS_MAX = 2;

/** Neighbours read along with a file that was missing, at most. */
const NEIGHBOURS_MAX = 64;
const NEIGHBOUR_BYTES_MAX = 64 * 1024;

type Ask = (ids: readonly string[]) => GiveMessage;

/** Asks the main thread and sleeps until it has answered. */
function asking(asks: MessagePort, answered: Int32Array<SharedArrayBuffer>): Ask {
  return (ids) => {
    const before = Atomics.load(answered, 0);
    asks.postMessage({ ids } satisfies AskMessage);
    Atomics.wait(answered, 0, before);
    const received = receiveMessageOnPort(asks) as { message: GiveMessage } | undefined;
    return received?.message ?? { error: "the main thread gave no answer" };
  };
}

/** What a thread has at hand for a job. */
interface Bench {
  readonly cache: ParseCache;
  readonly limits: BuildLimits;
  readonly listing: Listing;
  readonly blobs: BlobCache;
  readonly ask: Ask;
}

function answer(job: JobMessage, bench: Bench): BuildAnswer {
  const unreadable: Failure[] = [];
  const tree = listedTree(bench.listing, (entry) => {
    const content = contentOf(entry, bench);
    if (typeof content !== "string") return content;
    unreadable.push(lost(entry.path, content));
    throw new Error(content);
  });
  try {
    return built(tree, job, bench);
  } catch (cause) {
    if (unreadable.length > 0) return { ok: false, failures: unreadable };
    return crashed(job, cause instanceof Error ? cause.message : String(cause));
  }
}

function built(tree: Tree, { folder, options, text }: JobMessage, { cache, limits }: Bench): BuildAnswer {
  // The order is the one of `kustomize build` without flags.
  const result = build(tree, folder, { ...options, reorder: "legacy", cache, limits });
  const footprint = [...result.footprint];
  if (!result.ok) return { ok: false, failures: result.failures, footprint };
  return { ok: true, objects: result.objects, footprint, ...(text ? { text: buildText(result) } : {}) };
}

/** The bytes of a blob, or why they cannot be had. */
function contentOf(entry: ListedEntry, { listing, blobs, ask }: Bench): Uint8Array | string {
  const held = blobs.get(entry.id);
  if (held !== undefined) return held;
  const given = ask([entry.id, ...neighbours(listing, blobs, entry)]);
  if ("error" in given) return given.error;
  const unpacked = unpackBlobs(given.pack);
  for (const [id, content] of unpacked) blobs.put(id, content);
  return unpacked.get(entry.id) ?? `it has ${entry.size} bytes, more than what is loaded`;
}

/** Whoever reads one file of a folder will mostly read the others. */
function neighbours(listing: Listing, blobs: BlobCache, { path, id }: ListedEntry): readonly string[] {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const ids = new Set<string>();
  listing.visit(folder, (entry) => {
    if (entry.size <= NEIGHBOUR_BYTES_MAX && entry.id !== id && !blobs.has(entry.id)) ids.add(entry.id);
    return ids.size < NEIGHBOURS_MAX;
  });
  return [...ids];
}

function lost(path: string, reason: string): Failure {
  return {
    code: "source/unreadable-object",
    message: `${path} cannot be read: ${reason}`,
    remedy: "check that the repository is reachable and whole, then run again",
    at: { path },
  };
}

function textOf(bytes: SharedArrayBuffer): string {
  return Buffer.from(bytes).toString("utf8");
}

if (parentPort !== null) {
  lockDown();
  serve(parentPort, workerData as ThreadSettings);
  parentPort.postMessage("ready" satisfies ThreadMessage);
}
