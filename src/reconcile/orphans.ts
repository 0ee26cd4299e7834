import { isListed } from "../live/index.ts";
import { type LiveMetadata, type Orphan, type Orphans, ok, type Result, refKey } from "../model/index.ts";
import {
  compareRefs,
  FLUX_V1_MARK,
  kindKey,
  labelValue,
  ownerOf,
  ownsLabel,
  type PlanInput,
  type Step,
} from "../plan/index.ts";
import { judged } from "./lineage.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import { planInput, planPass } from "./planning.ts";
import { prepare } from "./prepare.ts";

/**
 * Objects that no service of the revision declares: those that a sync deletes, holds or keeps, with the reason; those that
 * carry our label although no apply of ours wrote it; and those that Flux v1 applied and nobody took over. Changes nothing.
 */
export async function findOrphans(io: Io, request: PassRequest, signal: AbortSignal): Promise<Result<Orphans>> {
  const prepared = await prepare(io, request, () => undefined, signal);
  if (!prepared.ok) return prepared;
  const { state } = prepared;
  // A build that takes long is waited for: what it declares is no orphan.
  for (const late of state.assembly.late) state.joined.push(await late.assembled());
  const all = {
    ...state,
    assembly: { ...state.assembly, ready: [...state.assembly.ready, ...state.joined], late: [] },
  };
  const input = planInput(all, all.assembly.ready);
  const suspended = new Map(state.suspendedGone.map(({ service, why }) => [labelValue(service), why]));
  const found = new Map<string, Orphan>();
  for (const step of (await judged(all, planPass(all), signal)).flatMap(({ steps }) => steps)) {
    const orphan = "declared" in step || isControlled(step.live) ? undefined : fromStep(step);
    if (orphan !== undefined) found.set(refKey(orphan.ref), orphan);
  }
  for (const [key, live] of state.inventory.live) {
    const orphan = found.has(key) ? undefined : unplanned(live, input, suspended);
    if (orphan !== undefined) found.set(key, orphan);
  }
  const marked = await markedByFluxV1(io, state.inventory.kinds.values(), signal);
  for (const live of marked.objects) {
    const key = refKey(live.ref);
    if (found.has(key) || input.claims.wanted.has(key) || ownerOf(live) !== undefined || isControlled(live)) continue;
    found.set(key, { ref: live.ref, why: "Flux v1 applied it, and no service declares it", deleted: false });
  }
  const { live, unlisted } = state.inventory;
  const orphans = [...found.values()].filter(({ ref }) => state.selected(ownerOfKey(live.get(refKey(ref)))));
  return ok({
    revision: state.revision.snapshot.revision,
    orphans: orphans.toSorted((a, b) => compareRefs(a.ref, b.ref)),
    unlisted: [
      ...new Map([...[...unlisted].map(([kind, { message }]) => [kind, message] as const), ...marked.unlisted]),
    ]
      .map(([kind, why]) => ({ kind: kind.replace(/^\//, ""), why }))
      .toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    complete: state.revision.discovery.complete,
  });
}

function ownerOfKey(live: LiveMetadata | undefined): string {
  return (live === undefined ? undefined : ownerOf(live)?.id) ?? "";
}

/** What a controller made is its business, with whatever labels. */
function isControlled(live: LiveMetadata): boolean {
  const mirrored = kindKey(live.ref) === "/Endpoints"; // copies the labels of its Service and names no owner
  return mirrored || live.ownerReferences.some(({ controller }) => controller);
}

function fromStep(step: Exclude<Step, { readonly declared: unknown }>): Orphan | undefined {
  if (step.live.deletionTimestamp !== undefined) return undefined;
  const why = step.action === "delete" ? "no longer in git: the next sync deletes it" : step.why;
  return orphanOf(step.live, why, step.action === "delete");
}

/** An object with our label that no plan is about: of a service that cannot be planned, or that was suspended. */
function unplanned(
  live: LiveMetadata,
  { scope, claims }: PlanInput,
  suspended: ReadonlyMap<string, string>,
): Orphan | undefined {
  const owner = ownerOf(live);
  if (owner?.scope !== labelValue(scope) || claims.wanted.has(refKey(live.ref)) || isControlled(live)) return undefined;
  const why = suspended.get(owner.service);
  if (why !== undefined) return orphanOf(live, `its service left git, and is left alone: ${why}`, false);
  return ownsLabel(live) ? undefined : orphanOf(live, "it carries our label, but our apply did not write it", false);
}

function orphanOf(live: LiveMetadata, why: string, deleted: boolean): Orphan {
  const owner = ownerOf(live);
  return { ref: live.ref, ...(owner === undefined ? {} : { service: owner.id }), why, deleted };
}

async function markedByFluxV1(
  { cluster }: Io,
  kinds: Iterable<Parameters<Io["cluster"]["list"]>[0]>,
  signal: AbortSignal,
): Promise<{ readonly objects: readonly LiveMetadata[]; readonly unlisted: ReadonlyMap<string, string> }> {
  const objects: LiveMetadata[] = [];
  const unlisted = new Map<string, string>();
  const asked = [...kinds].filter(isListed);
  await Promise.all(
    asked.map(async (kind) => {
      const answer = await cluster.list(kind, { labelSelector: FLUX_V1_MARK }, signal);
      if (answer.ok) objects.push(...answer.value.items);
      else unlisted.set(kindKey(kind), answer.problem.message);
    }),
  );
  return { objects, unlisted };
}
