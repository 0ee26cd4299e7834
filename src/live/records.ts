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
  /** Takes what the server answered to a write of ours: its event will be no news. */
  wrote(live: LiveMetadata): void;
  /** Forgets an object that we deleted. */
  parted(ref: ObjectRef, uid: string): void;
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
    wrote(live) {
      const key = refKey(live.ref);
      const before = book.objects.get(key);
      book.highest = newest(book.highest, live.resourceVersion);
      if (before?.uid === live.uid && !isNews(live, before)) return;
      put(book, key, live);
      book.ahead.add(key);
    },
    parted(ref, uid) {
      const key = refKey(ref);
      if (book.objects.get(key)?.uid !== uid) return;
      drop(book, key);
      book.gone.add(uid);
    },
  };
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
  return changed(changeOf(before, record));
}

function drop(book: Book, key: string): Taken {
  const before = book.objects.get(key);
  if (before === undefined) return NOTHING;
  book.objects.delete(key);
  book.ahead.delete(key);
  book.owned -= Number(ownsLabel(before));
  return changed(changeOf(before, undefined));
}

/** A list says all there is. Only what we wrote or deleted after it was made is newer, unless the cluster itself went back. */
function replace(book: Book, { items, resourceVersion }: MetadataList, floor: string): Taken {
  const { compactor, objects, ahead, gone } = book;
  const first = book.position === "";
  const back = isOlder(resourceVersion, floor);
  let why = back ? `a list of version ${resourceVersion} after ${floor}` : undefined;
  const next = new Map<string, LiveMetadata>();
  const changes: Change[] = [];
  const note = (one: Change | undefined): void => {
    if (one !== undefined && !first) changes.push(one);
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
    if (record !== known) note(changeOf(known, record));
  }
  for (const [key, known] of objects) {
    if (next.has(key)) continue;
    if (!back && ahead.has(key) && isOlder(resourceVersion, known.resourceVersion)) next.set(key, known);
    else {
      ahead.delete(key);
      note(changeOf(known, undefined));
    }
  }
  for (const uid of gone) if (back || !listed.has(uid)) gone.delete(uid);
  book.objects = next;
  book.owned = [...next.values()].filter(ownsLabel).length;
  book.position = resourceVersion;
  book.highest = back ? resourceVersion : newest(book.highest, resourceVersion);
  return { changes, ...(why === undefined ? {} : { doubt: { kind: "regressed", why } as const }) };
}

function changed(one: Change | undefined): Taken {
  return one === undefined ? NOTHING : { changes: [one] };
}

function backwards({ ref, resourceVersion }: LiveMetadata, before: LiveMetadata): string {
  return `${ref.name} at version ${resourceVersion} after ${before.resourceVersion}`;
}
