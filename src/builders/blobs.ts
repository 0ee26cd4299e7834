/** Blobs in one piece of memory that can be handed to a thread without copying it. */
export interface Pack {
  readonly ids: readonly string[];
  /** Where each blob ends. */
  readonly ends: readonly number[];
  readonly bytes: ArrayBuffer;
}

/** Content is copied: a Buffer of git's may be a slice of something much larger, which would go along whole. */
export function packBlobs(blobs: ReadonlyMap<string, Uint8Array>): Pack {
  const ends: number[] = [];
  let size = 0;
  for (const content of blobs.values()) ends.push((size += content.length));
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const content of blobs.values()) {
    bytes.set(content, at);
    at += content.length;
  }
  return { ids: [...blobs.keys()], ends, bytes: bytes.buffer };
}

export function unpackBlobs(pack: Pack): ReadonlyMap<string, Uint8Array> {
  return new Map(
    pack.ids.map((id, index) => {
      const start = pack.ends[index - 1] ?? 0;
      return [id, new Uint8Array(pack.bytes, start, (pack.ends[index] ?? start) - start)] as const;
    }),
  );
}

/** Content by blob id; the least recently used goes when there is more than `bytesMax`. */
export interface BlobCache {
  get(id: string): Uint8Array | undefined;
  has(id: string): boolean;
  put(id: string, content: Uint8Array): void;
}

export function blobCache(bytesMax: number): BlobCache {
  const held = new Map<string, Uint8Array>();
  let bytes = 0;
  const drop = (id: string): void => {
    bytes -= held.get(id)?.length ?? 0;
    held.delete(id);
  };
  return {
    has: (id) => held.has(id),
    get(id) {
      const content = held.get(id);
      if (content !== undefined) {
        held.delete(id);
        held.set(id, content);
      }
      return content;
    },
    put(id, content) {
      drop(id);
      held.set(id, content);
      bytes += content.length;
      for (const oldest of held.keys()) {
        if (bytes <= bytesMax || oldest === id) break;
        drop(oldest);
      }
    },
  };
}
