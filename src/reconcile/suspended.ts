import type { ServiceOutcome } from "../model/index.ts";
import { type Claimant, labelValue, ownerOf, withholding } from "../plan/index.ts";
import { leavesAlone } from "../policy/index.ts";
import type { PassRequest } from "./pass-types.ts";
import type { OpenRevision } from "./revision.ts";
import type { PassState, SuspendedGone } from "./state.ts";

/** A revision in which those services are suspended, too, that people asked for in the cluster. */
export function withSuspended(revision: OpenRevision, { suspended }: PassRequest): OpenRevision {
  if (suspended === undefined) return revision;
  const { discovery } = revision;
  const suspendedByPeople = new Set<string>();
  const services = discovery.services.map((service) => {
    if (service.settings.suspend || suspended(service.id) === undefined) return service;
    suspendedByPeople.add(service.id);
    return { ...service, settings: { ...service.settings, suspend: true } };
  });
  return { ...revision, suspendedByPeople, discovery: { ...discovery, services } };
}

/** What is to be remembered of a suspended service: people may take back what they asked for, and what git says still holds. */
export function suspendedInGit(
  service: string,
  { revision }: Pick<PassState, "revision">,
): Pick<ServiceOutcome, "suspendedInGit"> {
  return revision.suspendedByPeople?.has(service) === true ? {} : { suspendedInGit: true };
}

/** Why a suspended service is left alone. */
export function suspendedBecause(service: string, { suspended }: PassRequest): string {
  return suspended?.(service) ?? "suspended in git";
}

/** Services that left git and that somebody suspended: in the cluster, by settings, or in git before they left. */
export function suspendedGone({
  request,
  inventory,
  revision,
  broken,
  selected,
}: Pick<PassState, "request" | "inventory" | "revision" | "broken" | "selected">): readonly SuspendedGone[] {
  const { suspended, leftSuspended, scope } = request;
  const { policy } = revision;
  if (suspended === undefined && leftSuspended === undefined && policy.file === undefined) return [];
  const known = new Set([...revision.discovery.services, ...broken].map(({ id }) => id));
  const gone = new Set<string>();
  const scopeLabel = labelValue(scope);
  for (const live of inventory.live.values()) {
    const owner = ownerOf(live);
    if (owner?.scope === scopeLabel && !known.has(owner.id)) gone.add(owner.id);
  }
  // Whoever may still be in git, in a definition that cannot be read, has not left: a confirmation there is not of that.
  const { complete } = revision.discovery;
  const confirmed = (service: string): boolean =>
    complete &&
    ((request.confirm !== undefined && selected(service)) ||
      request.confirmed?.(service, revision.snapshot.commit) !== undefined);
  return [...gone].flatMap((service): readonly SuspendedGone[] => {
    const asked =
      suspended?.(service) ?? (leavesAlone(policy, service) ? suspendedBecause(service, request) : undefined);
    if (asked !== undefined) return [{ service, until: "resumed", why: asked }];
    const left = leftSuspended?.(service) ?? false;
    if (left === false || confirmed(service)) return [];
    return [{ service, until: "confirmed", why: left === "unknown" ? LOST : LEFT }];
  });
}

/** The outcome of one of which nothing is planned; what git said of it before that is not said again. */
export function goneOutcome({ service, why }: SuspendedGone, { revision }: PassState): ServiceOutcome {
  return {
    service,
    state: "suspended",
    built: false,
    steps: [],
    failures: [],
    because: why,
    suspendedInGit: leavesAlone(revision.policy, service) ? true : "unknown",
    durationMs: 0,
  };
}

const LEFT = "its service left git while it was suspended there";
const LOST = "its service left git, and whether it was suspended there cannot be read";

/** What lets others have what a suspended service owns. */
export const RESUME = "resume it first (gitops resume, or suspend: false in git)";

/** What it owns is withheld from others, who might declare it; it wants nothing else. */
export function suspendedClaimant({ service, until }: SuspendedGone): Claimant {
  const remedy = until === "resumed" ? RESUME : "confirm first that it left (gitops confirm)";
  return withholding(service, "it is suspended", remedy);
}
