import type { Kind, Problem, WatchEvent } from "../../src/cluster/index.ts";
import type { Clock } from "../../src/model/index.ts";

/**
 * What may happen to a watch that stands. `dropped` its connection is cut · `refused` so are the next ones · `expired` its version
 * is too old (410) · `truncated` the next event cannot be read · `silent` nothing comes any more · `late` events take their time ·
 * `twice` each is told twice · `swapped` the later of two comes first · `lost` one never comes · `past` one is
 * followed by an older state of its object, as a server tells it that went back · `ended` by the server, as it does from time to time · `away` and lists of
 * the kind are refused for a while, too.
 */
export type WatchFault =
  | "dropped"
  | "refused"
  | "expired"
  | "truncated"
  | "silent"
  | "late"
  | "twice"
  | "swapped"
  | "lost"
  | "past"
  | "ended"
  | "away";

/** `of` picks among the watches that stand. */
export interface WatchTrouble {
  readonly fault: WatchFault;
  readonly of: number | "all";
}

/** The watches of one process, and what goes wrong with them. */
export interface Watches {
  /** What the process is told of what `open` tells. */
  follow(
    kind: Kind,
    version: string,
    open: (signal: AbortSignal) => AsyncIterable<WatchEvent>,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  trouble(trouble: WatchTrouble): void;
  /** Why a list is not answered. */
  refusal(kind: Kind): Problem | undefined;
  /** A list of a kind was answered: what it did not hear of before, the process knows now. */
  listed(kind: Kind): void;
  /** Whether something that happened to a kind is being kept from the process. */
  withheld(kind: Kind): boolean;
  /** Served kinds that the process did not list for longer than it may go by a watch alone. */
  overdue(served: Iterable<Kind>): readonly string[];
  /** From here on the cluster goes back no more, and answers whoever asks. */
  calm(): void;
  /** The process is dead: nobody hears anything any more. */
  end(): void;
}

/** As a real server does it. */
const BOOKMARKS_MS = 60_000;
const LATE_MS = 20_000;
/** Of two that are swapped, the first waits no longer for another one. */
const ALONE_MS = 5000;
const REFUSED = 3;
/** A silent watch is given up after three minutes, and everything is listed every ten; a list may fail, and is made again. */
const SILENT_MS_MAX = 4.5 * 60_000;
const LISTED_MS_MAX = 12 * 60_000;

interface Stream {
  readonly kind: Kind;
  fault: WatchFault | undefined;
  /** Events that happened and that were not told, and when that was. */
  readonly held: Map<WatchEvent, number>;
  /** As far as the process was told. */
  version: string;
  push(event: WatchEvent): void;
  cut(event: Extract<WatchEvent, { type: "ended" }>): void;
}

export function newWatches(clock: Clock): Watches {
  const streams = new Set<Stream>();
  const refused = new Map<string, number>();
  const unlisted = new Map<string, number>();
  const lost = new Map<string, number>();
  const lists = new Map<string, number>();
  const life = new AbortController();
  return {
    follow(kind, version, open, signal) {
      const left = refused.get(kind.kind) ?? 0;
      refused.set(kind.kind, Math.max(0, left - 1));
      return left > 0 ? justEnded() : stream(kind, version, open, signal);
    },
    trouble({ fault, of }) {
      const all = [...streams];
      for (const one of of === "all" ? all : all.slice(of % Math.max(1, all.length)).slice(0, 1)) {
        // Who is told again of what happens has not been silent: what was not told meanwhile is lost.
        const [unheard] = one.fault === "silent" && fault !== "silent" ? one.held.values() : [];
        if (unheard !== undefined && !lost.has(one.kind.kind)) lost.set(one.kind.kind, unheard);
        if (unheard !== undefined) one.held.clear();
        one.fault = fault;
        if (fault === "refused" || fault === "away") refused.set(one.kind.kind, REFUSED);
        if (fault === "away") unlisted.set(one.kind.kind, REFUSED);
        if (fault === "dropped" || fault === "refused" || fault === "away") one.cut(CUT);
        if (fault === "ended") one.cut({ type: "ended", gone: false });
        if (fault === "expired") one.cut({ type: "ended", gone: true });
      }
    },
    refusal({ kind }) {
      const left = unlisted.get(kind) ?? 0;
      unlisted.set(kind, Math.max(0, left - 1));
      return left > 0 ? BUSY.problem : undefined;
    },
    listed({ kind }) {
      lost.delete(kind);
      lists.set(kind, clock.monotonicMs());
    },
    withheld: ({ kind }) => lost.has(kind) || [...streams].some((one) => one.kind.kind === kind && one.held.size > 0),
    overdue(served) {
      const nowMs = clock.monotonicMs();
      const kinds = [...served];
      const silent = [...streams].flatMap(({ kind, held }) =>
        [...held.values()].map((sinceMs) => ({ kind: kind.kind, sinceMs })),
      );
      return [
        ...silent
          .filter(({ sinceMs }) => nowMs - sinceMs > SILENT_MS_MAX)
          .map(({ kind }) => `${kind}, whose watch is silent`),
        ...[...lost]
          .filter(
            ([lostKind, sinceMs]) => kinds.some(({ kind }) => kind === lostKind) && nowMs - sinceMs > LISTED_MS_MAX,
          )
          .map(([kind]) => `${kind}, of which an event was lost`),
        ...kinds
          .filter(({ kind }) => nowMs - (lists.get(kind) ?? nowMs) > LISTED_MS_MAX)
          .map(({ kind }) => `${kind}, for a long time`),
      ];
    },
    calm() {
      for (const one of streams) if (one.fault === "past") one.fault = undefined;
      refused.clear();
      unlisted.clear();
    },
    end: () => life.abort("dead"),
  };

  async function* stream(
    kind: Kind,
    version: string,
    open: (signal: AbortSignal) => AsyncIterable<WatchEvent>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const over = new AbortController();
    const inner = AbortSignal.any([signal, life.signal, over.signal]);
    let queue: WatchEvent[] = [];
    let wake = (): void => undefined;
    const one: Stream = {
      kind,
      fault: undefined,
      held: new Map(),
      version,
      push(event) {
        queue.push(event);
        wake();
      },
      cut(event) {
        queue = [event]; // what was on its way is lost with the connection
        over.abort("cut");
        wake();
      },
    };
    const awake = (): void => wake();
    signal.addEventListener("abort", awake, { once: true });
    streams.add(one);
    void pump(one, open(inner), inner);
    void bookmarks(one, inner);
    try {
      for (;;) {
        signal.throwIfAborted();
        // Whoever is dead waits for ever.
        const event = life.signal.aborted ? undefined : queue.shift();
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else {
          if (event.type === "bookmark") one.version = event.resourceVersion;
          else if (event.type !== "ended") one.version = event.object.resourceVersion;
          yield event;
          if (event.type === "ended") return;
        }
      }
    } finally {
      signal.removeEventListener("abort", awake);
      over.abort("over");
      streams.delete(one);
      // The next watch begins after what was told last: what happened before that, and was still on its way, is lost.
      for (const [event, sinceMs] of one.held) {
        const told = "object" in event && Number(event.object.resourceVersion) <= Number(one.version);
        if (told && !lost.has(kind.kind)) lost.set(kind.kind, sinceMs);
      }
    }
  }

  /** Tells what happens, as the trouble of the moment has it. */
  async function pump(one: Stream, events: AsyncIterable<WatchEvent>, signal: AbortSignal): Promise<void> {
    const later = (event: WatchEvent, ms: number): void => {
      one.held.set(event, clock.monotonicMs());
      void clock.sleep(ms, signal).then(
        () => void (one.held.delete(event) && one.push(event)),
        () => undefined,
      );
    };
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        const [waiting] = one.held.keys();
        if (one.fault === "silent") one.held.set(event, clock.monotonicMs());
        else if (one.fault === "late") later(event, LATE_MS);
        else if (one.fault === "truncated") return one.cut(UNREADABLE);
        else if (one.fault === "lost") {
          if (!lost.has(one.kind.kind)) lost.set(one.kind.kind, clock.monotonicMs());
          one.fault = undefined;
        } else if (one.fault === "swapped" && waiting === undefined) later(event, ALONE_MS);
        else {
          one.push(event);
          if (one.fault === "twice") one.push(event);
          if (one.fault === "past") one.push(olderOf(event));
          if (one.fault === "swapped" && waiting !== undefined && one.held.delete(waiting)) one.push(waiting);
        }
      }
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
  }

  /** A watch that is quiet says from time to time that it stands. */
  async function bookmarks(one: Stream, signal: AbortSignal): Promise<void> {
    const passed = (): Promise<boolean> =>
      clock.sleep(BOOKMARKS_MS, signal).then(
        () => true,
        () => false,
      );
    while (await passed())
      if (one.fault !== "silent" && one.held.size === 0) one.push({ type: "bookmark", resourceVersion: one.version });
  }
}

function olderOf(event: WatchEvent): WatchEvent {
  if (event.type === "ended" || event.type === "bookmark") return event;
  return { ...event, object: { ...event.object, resourceVersion: `${Number(event.object.resourceVersion) - 1}` } };
}

const CUT = {
  type: "ended",
  gone: false,
  problem: { kind: "network", message: "the connection was cut", causes: [], ambiguous: false },
} as const;
const UNREADABLE = { ...CUT, problem: { ...CUT.problem, kind: "decode", message: "half an event" } } as const;
const BUSY = {
  ...CUT,
  problem: { ...CUT.problem, kind: "status", status: 503, reason: "ServiceUnavailable", message: "simulated" },
} as const;

async function* justEnded(): AsyncGenerator<WatchEvent> {
  yield BUSY;
}
