import picomatch from "picomatch";
import {
  type BrokenService,
  compareFailures,
  type Failure,
  type PassOutcome,
  type Place,
  type Revision,
  refKey,
  type ServiceOutcome,
} from "../model/index.ts";
import { makePlans, type PlanInput, resolveClaims, type ServicePlan } from "../plan/index.ts";
import { dependencyFailures } from "../services/index.ts";
import { type Assembled, type Assembly, assemble } from "./assemble.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import type { Io, OnPassEvent, PassRequest } from "./pass-types.ts";
import { type OpenRevision, openRevision } from "./revision.ts";
import { openSettled, type Settled } from "./settled.ts";
import { workThrough } from "./work.ts";

/** All that a pass knows before it changes anything. */
export interface PassState {
  readonly io: Io;
  readonly request: PassRequest;
  readonly revision: OpenRevision;
  readonly inventory: Inventory;
  readonly assembly: Assembly;
  readonly settled: Settled;
  /** Services that cannot be reconciled, and why. */
  readonly broken: readonly BrokenService[];
  readonly selected: (id: string) => boolean;
}

/**
 * One pass: fetch, discover, list, build, plan, apply, prune. Every service ends in an outcome of its own; failures of the
 * run itself (no source, no cluster) leave everything as it was. `stop` ends the pass at the next safe point: a request that
 * was sent is awaited, no other begins.
 */
export async function runPass(
  io: Io,
  request: PassRequest,
  onEvent: OnPassEvent,
  stop: AbortSignal,
): Promise<PassOutcome> {
  const started = io.clock.monotonicMs();
  const ended = (
    rest: Pick<PassOutcome, "services" | "failures"> & { revision?: Revision; builds?: number },
  ): PassOutcome => ({
    builds: 0,
    durationMs: io.clock.monotonicMs() - started,
    ...rest,
  });
  try {
    const prepared = await prepare(io, request, onEvent, stop);
    if (!prepared.ok) return ended({ services: [], failures: prepared.failures });
    const { state } = prepared;
    const revision = state.revision.snapshot.revision;
    const unmatched = unmatchedGlobs(state);
    if (unmatched.length > 0) return ended({ revision, services: [], failures: unmatched });
    const refused = refusedConfirmation(request, revision);
    if (refused !== undefined) return ended({ revision, services: [], failures: [refused] });
    const plans = planPass(state, request.confirm !== undefined);
    const services = await workThrough(state, plans, onEvent, stop);
    await state.settled.save();
    const builds = state.assembly.builds();
    return ended({ revision, services, failures: [], builds });
  } catch (cause) {
    if (!stop.aborted) throw cause;
    return ended({ services: [], failures: [interrupted()] });
  }
}

type Prepared =
  | { readonly ok: true; readonly state: PassState }
  | { readonly ok: false; readonly failures: readonly Failure[] };

async function prepare(io: Io, request: PassRequest, onEvent: OnPassEvent, stop: AbortSignal): Promise<Prepared> {
  onEvent({ type: "phase", phase: "fetch" });
  const [listed, opened] = await Promise.all([
    readInventory(io.cluster, stop),
    openRevision(io.source, request.path, stop),
  ]);
  if (!opened.ok) return opened;
  if (!listed.ok) return listed;
  const { snapshot, discovery } = opened.value;
  onEvent({ type: "fetched", revision: snapshot.revision });
  onEvent({ type: "discovered", services: discovery.services.length, broken: discovery.broken.length });

  const known = new Set([...discovery.services, ...discovery.broken].map(({ id }) => id));
  const unfit = dependencyFailures(discovery.services, known);
  const fit = discovery.services.filter(({ id }) => !unfit.has(id));
  const broken: readonly BrokenService[] = [
    ...discovery.broken,
    ...discovery.services.flatMap(({ id, at, folder }) => {
      const failures = unfit.get(id);
      return failures === undefined ? [] : [{ id, at, failures, sources: [folder] }];
    }),
  ];
  onEvent({ type: "phase", phase: "build" });
  const assembly = await assemble(
    { io, request, revision: opened.value, inventory: listed.value, broken, services: fit, onEvent },
    stop,
  );
  const settled = await openSettled(io.cache, request.scope);
  const selected = selector(request.services);
  return {
    ok: true,
    state: { io, request, revision: opened.value, inventory: listed.value, assembly, settled, broken, selected },
  };
}

/** The plans of every service that can be planned now, and of those that left git. */
function planPass(state: PassState, confirmed: boolean): readonly ServicePlan[] {
  return makePlans(planInput(state, state.assembly.ready, confirmed));
}

/**
 * The plan of a service whose build took so long that the others went on without it. What they declare is theirs by now:
 * the latecomer is refused it, everything else of it goes on.
 */
export function planLate(state: PassState, late: Assembled): ServicePlan | undefined {
  const input = planInput(state, [...state.assembly.ready, late], state.request.confirm !== undefined);
  const taken = (key: string): boolean => (input.claims.wanted.get(key) ?? []).some((id) => id !== late.service.id);
  const granted = input.claims.granted.get(late.service.id) ?? [];
  const refused: readonly Failure[] = granted
    .filter(({ ref }) => taken(refKey(ref)))
    .map(({ ref, at }) => ({
      code: "plan/duplicate-definition",
      message: `duplicate definition of ${ref.kind} ${ref.name}, which another service has applied meanwhile`,
      remedy: "declare it in one service only",
      at,
    }));
  const claims = {
    ...input.claims,
    granted: new Map([[late.service.id, granted.filter(({ ref }) => !taken(refKey(ref)))]]),
    refused: new Map([[late.service.id, [...(input.claims.refused.get(late.service.id) ?? []), ...refused]]]),
  };
  return makePlans({ ...input, claims, complete: false, services: planServices([late]) })[0];
}

function planServices(assembled: readonly Assembled[]): readonly { service: string; at: Place; prune: boolean }[] {
  return assembled
    .filter(({ desired }) => desired.kind === "known")
    .map(({ service }) => ({ service: service.id, at: service.at, prune: service.settings.prune }));
}

function planInput(state: PassState, assembled: readonly Assembled[], confirmed: boolean): PlanInput {
  const { request, revision, inventory, broken, settled, assembly } = state;
  const { complete } = revision.discovery;
  const late = assembly.late.filter(({ service }) => !assembled.some((one) => one.service.id === service.id));
  const claimants = [
    ...assembled.map(({ service, desired }) => ({ service: service.id, at: service.at, desired })),
    ...late.map(({ service, names }) => ({
      service: service.id,
      at: service.at,
      desired: { kind: "unknown" as const, why: "its build is not through", names },
    })),
    ...broken.map(({ id, at }) => ({
      service: id,
      at,
      desired: { kind: "unknown" as const, why: "its definition is broken", names: assembly.namesOfBroken.get(id) },
    })),
  ];
  const { live } = inventory;
  const known = claimants.map(({ service }) => service);
  return {
    scope: request.scope,
    services: planServices(assembled),
    claims: resolveClaims({ scope: request.scope, claimants, live, complete }),
    live,
    known,
    complete,
    unlisted: new Set(inventory.unlisted.keys()),
    settled: settled.known,
    breaker: request.breaker,
    confirmed,
  };
}

/** `--service` globs match a whole id or its last part: `pay-*` finds `payments/pay-api`. */
function selector(globs: readonly string[]): (id: string) => boolean {
  if (globs.length === 0) return () => true;
  const matchers = globs.map((glob) => picomatch(glob));
  return (id) => matchers.some((matches) => matches(id) || matches(id.slice(id.lastIndexOf("/") + 1)));
}

function unmatchedGlobs({ request, revision, broken, inventory }: PassState): readonly Failure[] {
  const ids = [...revision.discovery.services, ...broken].map(({ id }) => id);
  const gone = [...inventory.live.values()].map(
    ({ annotations }) => annotations["gitops.bulkhead.dev/service-id"] ?? "",
  );
  return request.services
    .filter((glob) => ![...ids, ...gone].some(selector([glob])))
    .map((glob) => ({
      code: "usage/no-such-service",
      message: `no service matches ${JSON.stringify(glob)}`,
      remedy: "see gitops services for what there is; quote the glob so that the shell leaves it alone",
    }));
}

function refusedConfirmation({ confirm }: PassRequest, { commit }: Revision): Failure | undefined {
  if (confirm === undefined || (confirm.length >= 7 && commit.startsWith(confirm.toLowerCase()))) return undefined;
  return {
    code: "usage/invalid-flag",
    message: `--confirm ${confirm} is not the revision at hand, ${commit.slice(0, 12)}`,
    remedy: "look at what is held at this revision, then confirm it by its own commit",
  };
}

function interrupted(): Failure {
  return {
    code: "reconcile/interrupted",
    message: "told to stop before anything was changed",
    remedy: "run again",
  };
}

export function brokenOutcome({ id, at, failures }: BrokenService): ServiceOutcome {
  return {
    service: id,
    state: "failed",
    at,
    built: false,
    steps: [],
    failures: failures.toSorted(compareFailures),
    durationMs: 0,
  };
}
