import type { Answer, Cluster, Kind } from "../cluster/index.ts";
import { type Inventory, most } from "../live/index.ts";
import { type Clock, type LiveMetadata, type ObjectRef, refKey } from "../model/index.ts";
import {
  type Declared,
  type ForeignOwner,
  foreignOwners,
  kindKey,
  type OwnerState,
  ownerKey,
  ownsLabel,
  returnedOwners,
  type Strangers,
} from "../plan/index.ts";
import { newOwnerLook } from "./foreign-owners.ts";

/** What is in the cluster without our label where services declare objects, found out when it is asked for. */
export interface StrangersLook {
  readonly known: Strangers;
  /** Looks for these objects, as far as they were not looked for before, and for who has what may be deleted. */
  look(declared: readonly Declared[], leaving?: readonly LiveMetadata[]): Promise<void>;
}

/** So many objects of a kind are read one by one; more are found in a list of all of them. */
const FEW = 20;
/** More namespaces than these are cheaper to list at once. */
const FEW_NAMESPACES = 3;

/** Every object is asked for once a pass, and so is every owner of another tool. */
export function newStrangers(cluster: Cluster, clock: Clock, inventory: Inventory, signal: AbortSignal): StrangersLook {
  const there = new Map<string, LiveMetadata>();
  const unknown = new Map<string, string>();
  const owners = new Map<string, OwnerState>();
  const looked = new Set<string>();
  const askOwner = newOwnerLook(cluster, inventory);

  /** Objects that the lists did not show and that may be there nevertheless. */
  const sought = (declared: readonly Declared[]): readonly ObjectRef[] =>
    declared.flatMap(({ ref, key }) => {
      if (inventory.live.has(key) || looked.has(key)) return [];
      looked.add(key);
      return inventory.kinds.has(kindKey(ref)) && !inventory.unlisted.has(kindKey(ref)) ? [ref] : [];
    });

  const note = (asked: readonly ObjectRef[], answer: Answer<readonly LiveMetadata[]>): void => {
    const wanted = new Set(asked.map(refKey));
    if (!answer.ok) for (const key of wanted) unknown.set(key, answer.problem.message);
    else for (const object of answer.value) if (wanted.has(refKey(object.ref))) there.set(refKey(object.ref), object);
  };

  const find = async (refs: readonly ObjectRef[]): Promise<void> => {
    const slow = new AbortController();
    const either = AbortSignal.any([signal, slow.signal]);
    const tasks = questions(cluster, inventory, refs).map(async ({ asked, ask }) => {
      const answer = await ask(either).catch((cause: unknown): Answer<readonly LiveMetadata[]> => {
        if (signal.aborted) throw cause;
        return { ok: false, problem: slow.signal.aborted ? tooSlow() : unexpected(cause) };
      });
      note(asked, answer);
    });
    if (!(await most(tasks, clock, signal))) slow.abort("slow");
    await Promise.all(tasks);
  };

  const askOwners = async (found: readonly ForeignOwner[]): Promise<void> => {
    const asked = new Map<string, ForeignOwner>();
    for (const owner of found) {
      if (!owners.has(ownerKey(owner))) asked.set(ownerKey(owner), owner);
    }
    await Promise.all([...asked].map(async ([key, owner]) => owners.set(key, await askOwner(owner, signal))));
  };

  return {
    known: { there, unknown, owners },
    async look(declared, leaving = []) {
      const refs = sought(declared);
      await find(await withoutNewNamespaces(cluster, inventory, refs, signal));
      const unproven = declared.flatMap(({ key }) => {
        const live = inventory.live.get(key) ?? there.get(key);
        return live === undefined || ownsLabel(live) ? [] : [live];
      });
      await askOwners([...unproven.flatMap(foreignOwners), ...leaving.flatMap(returnedOwners)]);
    },
  };
}

/** In a namespace that is not there yet there is nothing to find. That spares a first sync most of its questions. */
async function withoutNewNamespaces(
  cluster: Cluster,
  { kinds }: Inventory,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<readonly ObjectRef[]> {
  const namespaces = kinds.get("/Namespace");
  if (refs.length <= FEW || namespaces === undefined) return refs;
  const listed = await cluster.list(namespaces, {}, signal);
  if (!listed.ok) return refs;
  const present = new Set(listed.value.items.map(({ ref }) => ref.name));
  return refs.filter(({ namespace }) => namespace === "" || present.has(namespace));
}

interface Question {
  readonly asked: readonly ObjectRef[];
  readonly ask: (signal: AbortSignal) => Promise<Answer<readonly LiveMetadata[]>>;
}

/** The fewest and smallest requests that tell which of these are there. */
function questions(cluster: Cluster, { kinds }: Inventory, refs: readonly ObjectRef[]): readonly Question[] {
  return [...grouped(refs, kindKey)].flatMap(([key, asked]): readonly Question[] => {
    const kind = kinds.get(key);
    if (kind === undefined) return [];
    const list = (some: readonly ObjectRef[], namespace: string): Question => ({
      asked: some,
      ask: async (signal) => {
        const answer = await cluster.list(kind, namespace === "" ? {} : { namespace }, signal);
        return answer.ok ? { ok: true, value: answer.value.items } : answer;
      },
    });
    if (asked.length <= FEW && kind.verbs.includes("get")) return asked.map((ref) => single(cluster, kind, ref));
    const byNamespace = [...grouped(asked, ({ namespace }) => namespace)];
    if (byNamespace.length > FEW_NAMESPACES) return [list(asked, "")];
    return byNamespace.map(([namespace, some]) => list(some, namespace));
  });
}

function grouped(
  refs: readonly ObjectRef[],
  by: (ref: ObjectRef) => string,
): ReadonlyMap<string, readonly ObjectRef[]> {
  const groups = new Map<string, ObjectRef[]>();
  for (const ref of refs) {
    const group = groups.get(by(ref));
    if (group === undefined) groups.set(by(ref), [ref]);
    else group.push(ref);
  }
  return groups;
}

function single(cluster: Cluster, kind: Kind, ref: ObjectRef): Question {
  return {
    asked: [ref],
    ask: async (signal) => {
      const answer = await cluster.metadata(kind, ref.namespace, ref.name, signal);
      if (!answer.ok) return answer;
      return { ok: true, value: answer.value === undefined ? [] : [answer.value] };
    },
  };
}

function tooSlow() {
  const message = "no answer, while most were there long before";
  return { kind: "timeout", message, causes: [], ambiguous: false } as const;
}

/** A bug while objects are looked for concerns those who declare them. */
function unexpected(cause: unknown) {
  const message = `unexpected: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { kind: "decode", message, causes: [], ambiguous: false } as const;
}
