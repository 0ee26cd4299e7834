import { type Confirmation, type Failure, type ForeignTool, refKey } from "../model/index.ts";
import {
  breakerWith,
  labelValue,
  makePlans,
  newAutoscalers,
  ownerOf,
  ownsLabel,
  type PlanInput,
  resolveClaims,
  type ServicePlan,
} from "../plan/index.ts";
import { orphans } from "../policy/index.ts";
import type { Assembled } from "./assemble.ts";
import { declaredAutoscalers } from "./autoscalers.ts";
import { claimantsElsewhere, elsewhere } from "./elsewhere.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import type { PassState } from "./state.ts";
import { suspendedClaimant } from "./suspended.ts";

/** The plans of every service that can be planned now, and of those that left git. */
export function planPass(state: PassState): readonly ServicePlan[] {
  return makePlans(planInput(state, state.assembly.ready));
}

/**
 * The plan of a service whose build took so long that the others went on without it. What they declare is theirs by now:
 * the latecomer is refused it, everything else of it goes on.
 */
export function planLate(state: PassState, late: Assembled): ServicePlan | undefined {
  const input = planInput(state, [...state.assembly.ready, ...state.joined, late]);
  state.joined.push(late);
  // What it owns, nobody else was given.
  const owns = (key: string): boolean => {
    const live = input.live.get(key);
    return live !== undefined && ownsLabel(live) && ownerOf(live)?.service === labelValue(late.service.id);
  };
  const taken = (key: string): boolean =>
    !owns(key) && (input.claims.wanted.get(key) ?? []).some((id) => id !== late.service.id);
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
    granted: new Map([...input.claims.granted, [late.service.id, granted.filter(({ ref }) => !taken(refKey(ref)))]]),
    refused: new Map([
      ...input.claims.refused,
      [late.service.id, [...(input.claims.refused.get(late.service.id) ?? []), ...refused]],
    ]),
  };
  // Planned among all others, as the breakers count the deletes of the whole run.
  const plans = makePlans({ ...input, claims });
  return plans.find(({ service, present }) => present && service === late.service.id);
}

/** Why nothing may be deleted for now, not even to be created anew; nothing when there is no reason. */
export function pausedDeletes({ inventory, request }: PassState): { readonly pausedDeletes?: string } {
  const paused = inventory.paused ?? request.pausedDeletes;
  return paused === undefined ? {} : { pausedDeletes: paused };
}

function planServices(assembled: readonly Assembled[], adopt: readonly ForeignTool[]): PlanInput["services"] {
  return assembled
    .filter(({ desired }) => desired.kind === "known")
    .map(({ service }) => ({
      service: service.id,
      at: service.at,
      prune: service.settings.prune,
      ...(service.settings.deleteLimit === undefined ? {} : { deleteLimit: service.settings.deleteLimit }),
      drift: service.settings.drift,
      adopt: [...service.settings.adopt, ...adopt],
    }));
}

export function planInput(state: PassState, assembled: readonly Assembled[]): PlanInput {
  const { io, request, revision, inventory, broken, settled, fights, autoscalers, assembly, strangers, inhabitants } =
    state;
  const { complete } = revision.discovery;
  const late = assembly.late.filter(({ service }) => !assembled.some((one) => one.service.id === service.id));
  const claimants = [
    ...assembled.map(({ service, desired }) => ({ service: service.id, at: service.at, desired })),
    ...late.map(({ service, names }) => ({
      service: service.id,
      at: service.at,
      desired: { kind: "unknown" as const, why: "its build is not through", names, remedy: "run again once it is" },
    })),
    ...broken.map(({ id, at }) => ({
      service: id,
      at,
      desired: { kind: "unknown" as const, why: "its definition is broken", names: assembly.namesOfBroken.get(id) },
    })),
  ];
  const { live } = inventory;
  const unchanged = io.memory === undefined ? {} : { unchanged: io.memory.unchanged };
  const known = claimants.map(({ service }) => service);
  const away = claimantsElsewhere(state, known).filter(({ service }) => confirmationOf(state, service) === undefined);
  const suspended = new Set(
    state.suspendedGone.flatMap(({ service, until }) => (until === "resumed" ? [service] : [])),
  );
  return {
    scope: request.scope,
    services: planServices(assembled, request.adopt ?? []),
    claims: resolveClaims({
      scope: request.scope,
      claimants: [...claimants, ...away, ...state.suspendedGone.map(suspendedClaimant)],
      live,
      complete,
      ...unchanged,
    }),
    live,
    strangers: strangers.known,
    inhabitants,
    ownNamespaces: request.ownNamespaces ?? [],
    known,
    complete,
    unlisted: new Set(inventory.unlisted.keys()),
    ...pausedDeletes(state),
    settled: settled.known,
    autoscalers: newAutoscalers([...declaredAutoscalers(assembled), ...autoscalers.found], autoscalers.unknown),
    repairs: { fights: fights.known, nowMs: io.clock.nowMs() },
    breaker: breakerWith(revision.policy.breaker, request.breaker),
    ...unchanged,
    protect: revision.policy.protect,
    orphans: (service) => orphans(revision.policy, service),
    left: new Map(
      state.suspendedGone.flatMap(({ service, until, why }) => (until === "confirmed" ? [[service, why]] : [])),
    ),
    counts: ({ present, service }) => present || !suspended.has(service),
    elsewhere: (service) => elsewhere(service, state),
    confirmed: (service) => confirmationOf(state, service),
    ...(request.jobsDone === undefined ? {} : { jobsDone: request.jobsDone }),
  };
}

/** Who confirmed the deletes of a service at the revision at hand: whoever runs this pass, or as the request says. */
export function confirmationOf(
  {
    io,
    request,
    revision,
    selected,
  }: Pick<PassState, "revision" | "selected"> & {
    readonly io: Pick<Io, "clock">;
    readonly request: Pick<PassRequest, "confirm" | "confirmed" | "author">;
  },
  service: string,
): Confirmation | undefined {
  // Whoever runs it for some services speaks of those.
  if (request.confirm === undefined || !selected(service))
    return request.confirmed?.(service, revision.snapshot.commit);
  const by = request.author ?? "whoever ran it";
  return { by, at: new Date(io.clock.nowMs()).toISOString(), how: "flag" };
}
