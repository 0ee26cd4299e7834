import type { Cluster } from "../cluster/index.ts";
import { type Clock, failed, ok, type Result, type Suspension } from "../model/index.ts";
import { makeObject, writeObject } from "./objects.ts";
import { type ConfirmOrder, type Resumed, withConfirmation, withoutSuspensions, withSuspensions } from "./orders.ts";
import { namesOf, type StatusPlace } from "./place.ts";
import { readStanding, type Standing } from "./standing.ts";

/** Two people may ask at once; each tries so often. */
const ATTEMPTS = 5;

/** Leaves services alone from the next pass on. Answers all suspensions that hold then. */
export function suspend(
  cluster: Cluster,
  clock: Clock,
  place: StatusPlace,
  added: readonly Suspension[],
  signal: AbortSignal,
): Promise<Result<readonly Suspension[]>> {
  const edit = (before: readonly Suspension[], nowMs: number) => {
    const suspensions = withSuspensions(before, added, nowMs);
    return { suspensions, answer: suspensions };
  };
  return changeSuspensions(cluster, clock, place, edit, signal);
}

/** Takes suspensions back, by the globs that they were asked for with. */
export function resume(
  cluster: Cluster,
  clock: Clock,
  place: StatusPlace,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<Result<Resumed>> {
  const edit = (before: readonly Suspension[], nowMs: number) => {
    const answer = withoutSuspensions(before, globs, nowMs);
    return { suspensions: answer.left, answer };
  };
  return changeSuspensions(cluster, clock, place, edit, signal);
}

/** Lets held deletes go at the next pass over that commit. */
export async function confirm(
  cluster: Cluster,
  clock: Clock,
  place: StatusPlace,
  order: ConfirmOrder,
  signal: AbortSignal,
): Promise<Result<void>> {
  const name = namesOf(place).confirmations;
  const written = await change(cluster, clock, place, name, signal, (standing) => {
    const confirmations = withConfirmation(standing.confirmations, order);
    return { data: { confirmations: JSON.stringify(confirmations) }, answer: undefined };
  });
  return written.ok ? ok(undefined) : written;
}

function changeSuspensions<T>(
  cluster: Cluster,
  clock: Clock,
  place: StatusPlace,
  edit: (
    before: readonly Suspension[],
    nowMs: number,
  ) => { readonly suspensions: readonly Suspension[]; readonly answer: T },
  signal: AbortSignal,
): Promise<Result<T>> {
  return change(cluster, clock, place, namesOf(place).suspensions, signal, (standing) => {
    const { suspensions, answer } = edit(standing.suspensions, clock.nowMs());
    return { data: { suspensions: JSON.stringify(suspensions) }, answer };
  });
}

/** Reads, edits and writes one object, and begins anew when somebody else wrote it in between. */
async function change<T>(
  cluster: Cluster,
  clock: Clock,
  place: StatusPlace,
  name: string,
  signal: AbortSignal,
  edit: (standing: Standing) => { readonly data: Readonly<Record<string, string>>; readonly answer: T },
): Promise<Result<T>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const standing = await readStanding(cluster, place, clock.nowMs(), signal);
    if (!standing.ok) return standing;
    const before = standing.value.kept.objects.get(name);
    if (before === undefined) {
      const made = await makeObject(cluster, place, name, signal);
      if (!made.ok) return made;
      continue;
    }
    const { data, answer } = edit(standing.value);
    const written = await writeObject(cluster, place, name, data, before, signal);
    if (!written.ok) return written;
    if (written.value.kind === "written") return ok(answer);
  }
  return failed({
    code: "apply/conflict",
    message: `somebody else keeps writing ConfigMap ${place.namespace}/${name}`,
    remedy: "run it again",
  });
}
