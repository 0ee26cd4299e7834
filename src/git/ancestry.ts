import type { Ancestry } from "../model/index.ts";
import { type Call, runLocal } from "./process.ts";

/**
 * How earlier commits stand to another one, as far as the objects of one folder tell. Only of a history that is there to its
 * beginning can it be said that a commit is not in it.
 */
export async function ancestryAtHand(
  reading: Call,
  commit: string,
  earlier: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Ancestry>> {
  const says = async (...args: readonly string[]) => runLocal(reading, args, "", signal);
  const isThere = async (id: string) => (await says("cat-file", "-e", `${id}^{commit}`)).code === 0;
  const answers = new Map<string, Ancestry>();
  const others = earlier.filter((id) => id !== commit);
  for (const id of earlier) answers.set(id, { kind: "ancestor" });
  if (others.length === 0) return answers;
  const cut = (await says("rev-parse", "--is-shallow-repository")).stdout.trim() !== "false";
  const there = await isThere(commit);
  for (const id of others) answers.set(id, there ? await standing(id) : unknown(`${short(commit)} is not at hand`));
  return answers;

  async function standing(id: string): Promise<Ancestry> {
    if (!ID.test(id)) return unknown("it is no commit");
    const ended = await says("merge-base", "--is-ancestor", id, commit);
    if (ended.code === 0) return { kind: "ancestor" };
    if (ended.code < 0) return unknown("git did not end in time");
    if (cut) return unknown("the history at hand does not go back far enough");
    if (ended.code === 1 || !(await isThere(id))) return { kind: "stranger" };
    return unknown("git cannot read the history");
  }
}

const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function unknown(why: string): Ancestry {
  return { kind: "unknown", why };
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
