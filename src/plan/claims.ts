import {
  type Failure,
  type LiveMetadata,
  type ObjectRef,
  type Place,
  placeText,
  refKey,
  refText,
} from "../model/index.ts";
import type { Declared } from "./declare.ts";
import { idOfLabel, labelValue, type Owner, ownerOf } from "./marks.ts";
import { ownsLabel } from "./ownership.ts";

/** What one service of the revision wants: everything it declares, or nothing that can be known. */
export type Desired =
  | {
      readonly kind: "known";
      readonly declared: readonly Declared[];
      /** What it declares as well and cannot have now, such as an object in a version that is not served. It keeps it. */
      readonly unfit?: readonly ObjectRef[];
    }
  /**
   * Its build failed, it is suspended, or it is broken. `names` are the names that its files mention; undefined when they
   * cannot be read, so that it might want anything.
   */
  | {
      readonly kind: "unknown";
      readonly why: string;
      readonly names: Mentions | undefined;
      /** What lets others have what it owns; to mend it, when absent. */
      readonly remedy?: string;
    };

/** Names of objects that files mention: whole names, and parts that prefixes, suffixes and hashes are added to. */
export interface Mentions {
  readonly exact: ReadonlySet<string>;
  readonly parts: readonly string[];
}

export interface Claimant {
  readonly service: string;
  readonly at: Place;
  readonly desired: Desired;
}

/** A service that wants nothing, and whose objects are withheld from others who might declare them. */
export function withholding(service: string, why: string, remedy: string): Claimant {
  const names: Mentions = { exact: new Set(), parts: [] };
  return { service, at: { path: "" }, desired: { kind: "unknown", why, names, remedy } };
}

interface Claim {
  readonly service: string;
  readonly declared: Declared;
}

/** Labelled objects of the cluster by `refKey`, of every scope. */
export type LiveIndex = ReadonlyMap<string, LiveMetadata>;

export interface Claims {
  /** What a service may apply. */
  readonly granted: ReadonlyMap<string, readonly Declared[]>;
  /** Why it may not apply the rest. */
  readonly refused: ReadonlyMap<string, readonly Failure[]>;
  /** Services that declare an object, by its key. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /** Why an object that no service declares may still be wanted; undefined when it certainly is not. */
  mayBeWanted(live: LiveMetadata): string | undefined;
}

export interface ClaimsInput {
  readonly scope: string;
  readonly claimants: readonly Claimant[];
  readonly live: LiveIndex;
  /** False when files that may define services could not be read: services nobody lists may exist. */
  readonly complete: boolean;
  /** Live objects that an earlier plan found as they are declared: whoever alone declares them still owns them. */
  readonly unchanged?: WeakMap<LiveMetadata, Declared>;
}

/**
 * Who may have which object (law L4): an object has one service. Of several claimants the one that owns the live object goes
 * on and the others are refused; when none of them does, all are. An object whose owner let go of it is transferred to the
 * one that declares it now. Only the objects in question are refused; everything else of a service goes on.
 */
export function resolveClaims({ scope, claimants, live, complete, unchanged }: ClaimsInput): Claims {
  const claims = new Map<string, Claim[]>();
  const unfit = new Map<string, string[]>();
  for (const { service, desired } of claimants) {
    if (desired.kind === "unknown") continue;
    for (const ref of desired.unfit ?? []) unfit.set(refKey(ref), [...(unfit.get(refKey(ref)) ?? []), service]);
    for (const declared of desired.declared) {
      const key = declared.key;
      const others = claims.get(key);
      if (others === undefined) claims.set(key, [{ service, declared }]);
      else others.push({ service, declared });
    }
  }
  const byLabel = new Map(claimants.map((claimant) => [labelValue(claimant.service), claimant]));
  const granted = new Map<string, Declared[]>(claimants.map(({ service }) => [service, []]));
  const refused = new Map<string, Failure[]>(claimants.map(({ service }) => [service, []]));
  const scopeLabel = labelValue(scope);
  for (const [key, claim] of claims) {
    const object = live.get(key);
    const [only] = claim;
    if (claim.length === 1 && only !== undefined && object && unchanged?.get(object) === only.declared) {
      granted.get(only.service)?.push(only.declared);
      continue;
    }
    const holder = holderOf(object, {
      scope: scopeLabel,
      byLabel,
      complete,
      claim,
      unfit: unfit.get(key) ?? [],
    });
    const winner = claim.length === 1 ? claim[0] : undefined;
    const owner = claim.filter(({ service }) => holder?.kind === "service" && holder.service === service);
    for (const one of claim) {
      const free = holder === undefined || holder.kind === "released" || owner.includes(one);
      if (free && (one === winner || (owner.length === 1 && owner[0] === one))) {
        granted.get(one.service)?.push(one.declared);
      } else refused.get(one.service)?.push(refusal(one.declared, claim, holder));
    }
  }
  const inhabitants = inhabitantsOf(claimants);
  const namesakes = namesakesOf(claimants);
  const unknown = claimants.flatMap(({ service, desired }) =>
    desired.kind === "unknown" ? [{ service, ...desired }] : [],
  );
  return {
    granted,
    refused,
    wanted: new Map([...unfit, ...[...claims].map(([key, claim]) => wantedBy(key, claim, unfit))]),
    mayBeWanted(object) {
      const inhabitant = inhabitants.get(homeOf(object));
      if (inhabitant !== undefined) return `${inhabitant} declares objects that would go with it`;
      const namesake = namesakes.get(nameOf(object.ref));
      if (namesake !== undefined && namesake.group !== object.ref.group)
        return `${namesake.service} may want it, as ${namesake.group}/${object.ref.kind}, which is not known to be served`;
      const owner = ownerOf(object);
      const wanting = unknown.find(
        ({ service, names }) =>
          labelValue(service) !== owner?.service && (names === undefined || mentions(names, object.ref.name)),
      );
      if (wanting !== undefined) return `${wanting.service} may want it: ${wanting.why}`;
      return undefined;
    },
  };
}

function wantedBy(
  key: string,
  claim: readonly Claim[],
  unfit: ReadonlyMap<string, readonly string[]>,
): [string, string[]] {
  return [key, [...claim.map(({ service }) => service), ...(unfit.get(key) ?? [])]];
}

/**
 * Who declares an object in a group that is not served, by its kind and name: most likely it is the one of that name in the group
 * that the kind has moved to, as Ingresses of `extensions` have.
 */
function namesakesOf(
  claimants: readonly Claimant[],
): ReadonlyMap<string, { readonly service: string; readonly group: string }> {
  return new Map(
    claimants.flatMap(({ service, desired }) =>
      ((desired.kind === "known" && desired.unfit) || []).map(
        (ref) => [nameOf(ref), { service, group: ref.group }] as const,
      ),
    ),
  );
}

function nameOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace} ${name}`;
}

/** Who declares objects that live in a namespace or are of a definition's group: such an object takes them with it. */
function inhabitantsOf(claimants: readonly Claimant[]): ReadonlyMap<string, string> {
  const inhabitants = new Map<string, string>();
  for (const { service, desired } of claimants) {
    if (desired.kind === "unknown") continue;
    for (const { namespace, group } of [...desired.declared.map(({ ref }) => ref), ...(desired.unfit ?? [])]) {
      inhabitants.set(`namespace ${namespace}`, service);
      inhabitants.set(`group ${group}`, service);
    }
  }
  return inhabitants;
}

/** What lives with an object, as `inhabitantsOf` calls it; a definition's name is its plural and its group. */
function homeOf({ ref: { group, kind, name } }: LiveMetadata): string {
  if (group === "" && kind === "Namespace") return `namespace ${name}`;
  if (group === "apiextensions.k8s.io" && kind === "CustomResourceDefinition")
    return `group ${name.slice(name.indexOf(".") + 1)}`;
  return "";
}

type Holder =
  /** A service of this revision, and whether it still wants the object is told by the claims. */
  | { readonly kind: "service"; readonly service: string }
  /** Its owner is known not to want it any more. */
  | { readonly kind: "released"; readonly owner: string }
  /** Its owner cannot be asked. */
  | { readonly kind: "withheld"; readonly owner: string; readonly why: string; readonly remedy: string };

function holderOf(
  live: LiveMetadata | undefined,
  {
    scope,
    byLabel,
    complete,
    claim,
    unfit,
  }: {
    readonly scope: string;
    readonly byLabel: ReadonlyMap<string, Claimant>;
    readonly complete: boolean;
    readonly claim: readonly Claim[];
    /** Services that declare the object and cannot have it now. */
    readonly unfit: readonly string[];
  },
): Holder | undefined {
  const owner = live === undefined ? undefined : ownerOf(live);
  // A label that our apply did not write proves nothing; whoever declares the object takes it.
  if (live === undefined || owner === undefined || !ownsLabel(live)) return undefined;
  if (owner.scope !== scope) {
    const name = idOfLabel(owner.scope);
    const why = `it belongs to scope ${name}`;
    // A value with a hash does not say the name.
    const same = name.includes("__")
      ? ""
      : `if it was applied from here, with another --path, keep --scope ${name}; else `;
    return {
      kind: "withheld",
      owner: ownerText(owner),
      why,
      remedy: `${same}remove it there first, or declare it only there`,
    };
  }
  const claimant = byLabel.get(owner.service);
  if (claimant === undefined) {
    if (complete) return { kind: "released", owner: owner.id };
    const why = "its definition may be in a file that cannot be read";
    return { kind: "withheld", owner: owner.id, why, remedy: "mend that file first" };
  }
  if (claimant.desired.kind === "unknown") {
    const { why, remedy = "mend it first, or declare it only there" } = claimant.desired;
    return { kind: "withheld", owner: claimant.service, why, remedy };
  }
  const still = claim.some(({ service }) => service === claimant.service) || unfit.includes(claimant.service);
  const { service } = claimant;
  return still ? { kind: "service", service } : { kind: "released", owner: service };
}

function ownerText({ scope, id }: Owner): string {
  return `${id} (scope ${idOfLabel(scope)})`;
}

function refusal({ ref, at }: Declared, claim: readonly Claim[], holder: Holder | undefined): Failure {
  const object = refText(ref);
  if (holder?.kind === "withheld") {
    return {
      code: claim.length > 1 ? "plan/duplicate-definition" : "plan/foreign-owner",
      message: `${object} is owned by ${holder.owner} and is not taken over: ${holder.why}`,
      remedy: holder.remedy,
      at,
      object,
    };
  }
  const shown = claim.slice(0, SHOWN_MAX).map(({ service, declared }) => `${service} (${placeText(declared.at)})`);
  const places = [...shown, ...(claim.length > SHOWN_MAX ? [`${claim.length - SHOWN_MAX} more`] : [])].join(" and ");
  const owner =
    holder === undefined
      ? "; nobody owns it yet, so none applies it"
      : holder.kind === "service"
        ? `; ${holder.service} owns it and goes on`
        : `; ${holder.owner} owned it and declares it no more, so it stays as it is until one of them does`;
  return {
    code: "plan/duplicate-definition",
    message: `duplicate definition of ${object} in ${places}${owner}`,
    remedy: "declare it in one service only",
    at,
    object,
  };
}

/** Each of those that declare an object is told of the others, so that all of many would be told more than fits into memory. */
const SHOWN_MAX = 10;

function mentions({ exact, parts }: Mentions, name: string): boolean {
  return exact.has(name) || parts.some((part) => name.includes(part));
}
