import { BUILDERS_DEFAULTS, type BuildAnswer, type Builders } from "../../src/builders/index.ts";
import { build, newParseCache } from "../../src/kustomize/index.ts";
import type { Clock } from "../../src/model/index.ts";
import type { BuildCache } from "../../src/reconcile/index.ts";
import type { Repository } from "./repository.ts";

/** What goes wrong with the n-th build of a run, counted from 0: it takes unusually long, or ends without an answer. */
export interface BuildTrouble {
  readonly at: number;
  readonly kind: "late" | "deadline";
}

const LATE_MS = 3000;

/** What was parsed once is the same in every history. */
export const PARSED = newParseCache();

/** Builds in process, with the real engine. */
export function simulatedBuilders(
  repository: Pick<Repository, "tree">,
  troubles: readonly BuildTrouble[],
  clock: Clock,
  onUnbuilt: (service: string) => void,
): Builders {
  const state = { count: 0 };
  return {
    engine: "simulated",
    async build({ service, source, folder, options, onLate }, signal) {
      const trouble = troubles.find(({ at }) => at === state.count);
      state.count += 1;
      if (trouble !== undefined) {
        onLate?.();
        await clock.sleep(LATE_MS, signal);
      }
      if (trouble?.kind === "deadline") {
        onUnbuilt(service);
        return { ok: false, failures: [OUT_OF_TIME] };
      }
      const tree = repository.tree(source.key);
      if (tree === undefined) throw new Error("a build of a tree that nobody committed");
      const { limits } = BUILDERS_DEFAULTS;
      const result = build(tree, folder, { ...options, reorder: "legacy", cache: PARSED, limits });
      const footprint = [...result.footprint];
      const answer: BuildAnswer = result.ok
        ? { ok: true, objects: result.objects, footprint }
        : { ok: false, failures: result.failures, footprint };
      return answer;
    },
    heapMb: 256,
    state: () => ({ threads: 1, running: 0, waiting: 0, killed: 0 }),
    close: () => Promise.resolve(),
  };
}

const OUT_OF_TIME = { code: "build/deadline", message: "simulated: it takes too long", remedy: "wait" } as const;

/** The disposable cache, and what may become of it between two runs. */
export interface MemoryCache extends BuildCache {
  wipe(): void;
  /** Every entry loses its end, or gets another one's text. */
  corrupt(how: "torn" | "mixed"): void;
}

export function memoryCache(): MemoryCache {
  const entries = new Map<string, string>();
  return {
    read: (key) => Promise.resolve(entries.get(key)),
    write: (key, text) => {
      entries.set(key, text);
      return Promise.resolve();
    },
    save: () => Promise.resolve(),
    begin: () => () => undefined,
    takeDeath: () => Promise.resolve(undefined),
    wipe: () => entries.clear(),
    corrupt(how) {
      for (const [key, text] of entries) {
        const torn = text.slice(0, Math.floor(text.length * 0.7));
        entries.set(key, how === "torn" ? torn : `${text.slice(0, 64)}\n${torn}]}`);
      }
    },
  };
}
