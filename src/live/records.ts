import type { MetadataList, WatchEvent } from "../cluster/index.ts";
import { type LiveMetadata, type ObjectRef, refKey } from "../model/index.ts";
import { ownsLabel } from "../plan/index.ts";
import { type Change, changeOf } from "./change.ts";
import type { Compactor } from "./compact.ts";
import { isOlder, newest } from "./version.ts";

/** What came of a list or an event. */
export interface Taken {
  readonly changes: readonly Change[];
  /**
   * What it makes doubtful. `disorder`: events came out of their order, so some may be missing. `regressed`: the server says
   * something older than it said before, as one does that was restored from a backup (reliability A16).
   */
  readonly doubt?: { readonly kind: "disorder" | "regressed"; readonly why: string };
}

/** The objects of one kind that carry our label, as the last list and the events since then tell them. */
export interface Records {
  readonly objects: ReadonlyMap<string, LiveMetadata>;
  /** How many of them are ours by proof. */
  owned(): number;
  /** Where a watch goes on; "" before the first list. */
  version(): string;
  /** The newest version that was seen. */
  newest(): string;
  /** Takes a complete list in place of what is known. `floor` is what `newest` said when the list was asked for. */
  list(list: MetadataList, floor: string): Taken;
  event(event: Exclude<WatchEvent, { readonly type: "ended" }>): Taken;
  /** To be called before a write of ours is sent: what is told of the object before the answer may be our own doing. */
  write(ref: ObjectRef): Write;
}

/** A write of ours that is under way; one of these is called when it has ended. They answer what was not our doing. */
export interface Write {
  /** With the object as the server answered it: its event will be no news. */
  done(live: LiveMetadata): readonly Change[];
  removed(uid: string): readonly Change[];
  /** It is being deleted, and stays until its finalizers are through. */
  leaving(uid: string): readonly Change[];
  failed(): readonly Change[];
}

const NOTHING: Taken = { changes: [] };

/** What is known of a kind. */
interface Book {
  readonly compactor: Compactor;
  objects: Map<string, LiveMetadata>;
  /** Objects that we wrote and whose event has not come yet: older events of them are overtaken. */
  readonly ahead: Set<string>;
  /** Uids of objects that we deleted, until the server's news catch up. */
  readonly gone: Set<string>;
  /** Uids of objects that go because we deleted them, as soon as their finalizers let them. */
  readonly leaving: Set<string>;
  /** Objects that are being written, with what was told of them meanwhile. */
  readonly writes: Map<string, { count: number; readonly held: Change[] }>;
  position: string;
  highest: string;
  owned: number;
}

export function newRecords(compactor: Compactor): Records {
  const book: Book = {
    compactor,
    objects: new Map(),
    ahead: new Set(),
    gone: new Set(),
    leaving: new Set(),
    writes: new Map(),
    position: "",
    highest: "",
    owned: 0,
  };
  return {
    get objects() {
      return book.objects;
    },
    owned: () => book.owned,
    version: () => book.position,
    newest: () => book.highest,
    list: (list, floor) => replace(book, list, floor),
    event(event) {
      const version = event.type === "bookmark" ? event.resourceVersion : event.object.resourceVersion;
      const late = isOlder(version, book.position);
      const disorder = { kind: "disorder", why: `version ${version} after ${book.position}` } as const;
      const taken = event.type === "bookmark" ? NOTHING : change(book, event);
      if (!late) book.position = version;
      book.highest = newest(book.highest, version);
      return late && taken.doubt === undefined && taken !== KNOWN ? { ...taken, doubt: disorder } : taken;
    },
    write: (ref) => begin(book, refKey(ref)),
  };
}

function begin(book: Book, key: string): Write {
  const write = book.writes.get(key) ?? { count: 0, held: [] };
  write.count += 1;
  book.writes.set(key, write);
  const end = (): readonly Change[] => {
    write.count -= 1;
    if (write.count === 0) book.writes.delete(key);
    return write.held.splice(0);
  };
  return {
    done(live) {
      const held = end();
      const before = book.objects.get(key);
      book.highest = newest(book.highest, live.resourceVersion);
      if (before?.uid === live.uid && !isNews(live, before))
        return before.resourceVersion === live.resourceVersion ? [] : held; // else somebody wrote after us
      // All that was told up to there has no such object: what we wrote is gone again, by our own write perhaps.
      if (before?.uid !== live.uid && reached(book, live.resourceVersion)) return held;
      put(book, key, live);
      book.ahead.add(key);
      return [];
    },
    removed(uid) {
      const held = end();
      const before = book.objects.get(key);
      if (before === undefined) return [];
      if (before.uid !== uid) return held; // somebody made it anew
      drop(book, key);
      book.gone.add(uid);
      return [];
    },
    leaving(uid) {
      book.leaving.add(uid);
      return end();
    },
    failed: end,
  };
}

/** Whether everything was told up to a version. */
function reached({ position }: Book, version: string): boolean {
  return position !== "" && (position === version || isOlder(version, position));
}

/** An event that says nothing new: told twice, or overtaken by a write of our own. */
const KNOWN: Taken = { changes: [] };

function change(book: Book, { type, object }: { readonly type: string; readonly object: LiveMetadata }): Taken {
  const key = refKey(object.ref);
  const before = book.objects.get(key);
  if (book.gone.has(object.uid)) {
    if (type === "deleted") book.gone.delete(object.uid);
    return KNOWN;
  }
  const same = before?.uid === object.uid;
  if (same && isOlder(object.resourceVersion, before.resourceVersion)) {
    if (book.ahead.has(key)) return KNOWN;
    drop(book, key);
    return { changes: [], doubt: { kind: "regressed", why: backwards(object, before) } };
  }
  if (type === "deleted") return same ? drop(book, key) : NOTHING;
  book.ahead.delete(key);
  return same && !isNews(object, before) ? KNOWN : put(book, key, object);
}

/** Whether a state of an object is another than the one known, and not an older one. */
function isNews(live: LiveMetadata, known: LiveMetadata): boolean {
  return live.resourceVersion !== known.resourceVersion && !isOlder(live.resourceVersion, known.resourceVersion);
}

function put(book: Book, key: string, live: LiveMetadata): Taken {
  const before = book.objects.get(key);
  const record = book.compactor.compact(live, before);
  book.objects.set(key, record);
  book.owned += Number(ownsLabel(record)) - Number(before !== undefined && ownsLabel(before));
  return told(book, key, changeOf(before, record));
}

function drop(book: Book, key: string): Taken {
  const before = book.objects.get(key);
  if (before === undefined) return NOTHING;
  book.objects.delete(key);
  book.ahead.delete(key);
  book.owned -= Number(ownsLabel(before));
  return book.leaving.delete(before.uid) ? NOTHING : told(book, key, changeOf(before, undefined));
}

/** A list says all there is. Only what we wrote or deleted after it was made is newer, unless the cluster itself went back. */
function replace(book: Book, { items, resourceVersion }: MetadataList, floor: string): Taken {
  const { compactor, objects, ahead, gone } = book;
  const first = book.position === "";
  const back = isOlder(resourceVersion, floor);
  let why = back ? `a list of version ${resourceVersion} after ${floor}` : undefined;
  const next = new Map<string, LiveMetadata>();
  const changes: Change[] = [];
  const note = (key: string, one: Change | undefined): void => {
    if (!first) changes.push(...told(book, key, one).changes);
  };
  const listed = new Set<string>();
  for (const item of items) {
    const key = refKey(item.ref);
    const known = objects.get(key);
    listed.add(item.uid);
    if (!back && gone.has(item.uid)) continue;
    const same = known?.uid === item.uid;
    const behind = same && isOlder(item.resourceVersion, known.resourceVersion);
    if (behind && !back && ahead.has(key)) {
      next.set(key, known);
      continue;
    }
    if (behind) why ??= backwards(item, known);
    const record = same && known.resourceVersion === item.resourceVersion ? known : compactor.compact(item, known);
    next.set(key, record);
    ahead.delete(key);
    if (record !== known) note(key, changeOf(known, record));
  }
  for (const [key, known] of objects) {
    if (next.has(key)) continue;
    if (!back && ahead.has(key) && isOlder(resourceVersion, known.resourceVersion)) next.set(key, known);
    else {
      ahead.delete(key);
      if (!book.leaving.delete(known.uid)) note(key, changeOf(known, undefined));
    }
  }
  for (const uid of gone) if (back || !listed.has(uid)) gone.delete(uid);
  book.objects = next;
  book.owned = [...next.values()].filter(ownsLabel).length;
  book.position = resourceVersion;
  book.highest = back ? resourceVersion : newest(book.highest, resourceVersion);
  return { changes, ...(why === undefined ? {} : { doubt: { kind: "regressed", why } as const }) };
}

/** A change, unless it may be our own doing: then it is kept until that is known. */
function told(book: Book, key: string, change: Change | undefined): Taken {
  if (change === undefined) return NOTHING;
  const write = book.writes.get(key);
  if (write === undefined) return { changes: [change] };
  write.held.push(change);
  return NOTHING;
}

function backwards({ ref, resourceVersion }: LiveMetadata, before: LiveMetadata): string {
  return `${ref.name} at version ${resourceVersion} after ${before.resourceVersion}`;
}
