import type { BuildJob, TreeSource } from "./job.ts";
import { type Listing, parseListing } from "./listing.ts";

/** A revision's listing as all threads read it. */
export interface SharedSource {
  readonly listing: Listing;
  /** The same in UTF-8, in memory that threads share. */
  readonly bytes: SharedArrayBuffer;
}

/** Listings kept: the revision at hand, the one before it, and two more for what asks for others. */
const SOURCES_MAX = 4;

/** Content sent along with a job, at most; whatever else it needs is asked for. */
const PREFETCH_BYTES_MAX = 256 * 1024;
const PREFETCH_BLOBS_MAX = 64;

/** Shares each listing once, and remembers the last few. */
export function sharedSources(): (source: TreeSource) => SharedSource {
  const kept = new Map<string, SharedSource>();
  return (source) => {
    const shared = kept.get(source.key) ?? share(source);
    kept.delete(source.key);
    kept.set(source.key, shared);
    for (const oldest of kept.keys()) if (kept.size > SOURCES_MAX) kept.delete(oldest);
    return shared;
  };
}

/** The content of a job's own folder, within the limits. What cannot be had is left for the thread to ask for, and fail. */
export async function prefetch(
  job: BuildJob,
  { listing }: SharedSource,
  known: (id: string) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const ids = new Set<string>();
  let bytes = 0;
  listing.visit(job.folder, ({ id, size }) => {
    if (known(id) || bytes + size > PREFETCH_BYTES_MAX) return true;
    bytes += size;
    return ids.add(id).size < PREFETCH_BLOBS_MAX;
  });
  if (ids.size === 0) return new Map();
  try {
    return await job.source.blobs([...ids], signal);
  } catch {
    return new Map();
  }
}

/** The size of the largest file of YAML right in a folder. An object is never that large: what is, is many, and is parsed. */
export function largestYaml({ listing }: SharedSource, folder: string): number {
  const sizeOf = (name: string): number => listing.entry(folder === "" ? name : `${folder}/${name}`)?.size ?? 0;
  return (listing.list(folder) ?? []).reduce(
    (most, name) => (YAML.test(name) ? Math.max(most, sizeOf(name)) : most),
    0,
  );
}

const YAML = /\.(?:ya?ml|json)$/;

function share({ key, listing }: TreeSource): SharedSource {
  const bytes = new SharedArrayBuffer(Buffer.byteLength(listing));
  Buffer.from(bytes).write(listing);
  return { listing: parseListing(listing, key), bytes };
}
