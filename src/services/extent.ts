import { type Failure, isObject, type Json } from "../model/index.ts";
import { folderOf, isWithin } from "./paths.ts";

/**
 * What a revision may come to below its path: more than tens of thousands of services need, and no more than one process can hold.
 * To have one file at any number of paths costs a dozen objects, so what each path costs is counted. A revision beyond is refused
 * whole: of a part that nobody looks into it is not known what it wants (law L3).
 */
const MAX = {
  /** Ten for each definition. */
  files: 1_000_000,
  /** An overlay, a base and a component for each definition. */
  kustomizations: 300_000,
  /** Services, and all that is wrong with them. */
  definitions: 100_000,
  /** Documents beside definitions. They can only ever become one service, so it is that service alone that is refused. */
  objects: 50_000,
  /** What kustomization files take in, each looked up from its own folder: twenty for each definition. */
  entries: 2_000_000,
  /** Maps, lists, keys and scalars of all that is parsed, each content once. */
  values: 10_000_000,
} as const;

type Counted = keyof typeof MAX;

const NOUNS: Readonly<Record<Counted, string>> = {
  files: "YAML files",
  kustomizations: "kustomization files",
  definitions: "definitions of services",
  objects: "documents beside definitions",
  entries: "entries of kustomization files",
  values: "values in YAML files",
};

/** Counts what one revision comes to. */
export interface Extent {
  /** Adds what a file, or another path of it, comes to; false when it is too much by now. */
  add(what: Counted, file: string, amount: number): boolean;
  /** Why the revision is refused; undefined while it is not. */
  refusal(path: string): Failure | undefined;
  /**
   * Why these are refused, as the whole revision is or, with the file that has most of them, alone; undefined while they are not.
   */
  excess(what: Counted, path: string, alone?: { readonly file: string; readonly amount: number }): Failure | undefined;
}

export function newExtent(): Extent {
  const sums = new Map<Counted, Map<string, number>>();
  const totals = new Map<Counted, number>();
  const excess: Extent["excess"] = (what, path, alone) => {
    const total = totals.get(what) ?? 0;
    if (total <= MAX[what]) return undefined;
    const isOne = alone !== undefined && alone.amount > total / 2;
    const at = isOne ? alone.file : mostOf(sums.get(what) ?? new Map(), total);
    const where = `${path === "" ? "" : ` below ${path}`}${at === "" ? "" : `, most of them in ${at}`}`;
    const message = `there are more than ${MAX[what].toLocaleString("en")} ${NOUNS[what]}${where}`;
    if (alone !== undefined) {
      const remedy = "take out what is there over and over; what is applied of them stays meanwhile";
      return { code: "build/too-large", message, remedy, at: { path: alone.file } };
    }
    return {
      code: "source/too-large",
      message,
      remedy: "take out the folder that holds the same over and over; nothing is changed meanwhile",
      ...(at === "" ? {} : { at: { path: at } }),
    };
  };
  return {
    add(what, file, amount) {
      const total = (totals.get(what) ?? 0) + amount;
      totals.set(what, total);
      const folder = folderOf(file);
      const of = sums.get(what) ?? new Map<string, number>();
      if (amount > 0) sums.set(what, of.set(folder, (of.get(folder) ?? 0) + amount));
      return total <= MAX[what];
    },
    refusal(path) {
      const what = [...totals.keys()].find((one) => one !== "objects" && excess(one, path) !== undefined);
      return what && excess(what, path);
    },
    excess,
  };
}

/** Maps, lists, keys and scalars of a value. */
export function valuesIn(value: Json): number {
  let count = 0;
  const pending: Json[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    count += 1;
    if (Array.isArray(next)) for (const item of next) pending.push(item);
    else if (isObject(next)) {
      for (const item of Object.values(next)) {
        count += 1;
        pending.push(item);
      }
    }
  }
  return count;
}

/** The folder furthest down that more than half of a total is in. */
function mostOf(sums: ReadonlyMap<string, number>, total: number): string {
  let folder = "";
  for (let depth = 0; depth < NAMES_MAX; depth += 1) {
    const inner = new Map<string, number>();
    for (const [path, sum] of sums) {
      if (path === folder || !isWithin(path, folder)) continue;
      const slash = path.indexOf("/", folder === "" ? 0 : folder.length + 1);
      const name = slash < 0 ? path : path.slice(0, slash);
      inner.set(name, (inner.get(name) ?? 0) + sum);
    }
    const most = [...inner].find(([, sum]) => sum > total / 2);
    if (most === undefined) return folder;
    [folder] = most;
  }
  return folder;
}

const NAMES_MAX = 20;
