import { type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import {
  type Failure,
  failed,
  type LiveMetadata,
  nearest,
  type ObjectRef,
  ok,
  type Result,
  refKey,
  refText,
  type ServiceTree,
  type Trace,
} from "../model/index.ts";
import {
  appliedFields,
  compareRefs,
  FIELD_MANAGER,
  idOfLabel,
  kindKey,
  type LiveIndex,
  labelValue,
  ownerOf,
  ownsLabel,
  stepRef,
} from "../plan/index.ts";
import { authored } from "./explain.ts";
import { judged } from "./lineage.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import { planPass } from "./planning.ts";
import { prepare } from "./prepare.ts";

/** What each service of a scope has in the cluster, by the objects' own labels. */
export function serviceTrees(live: LiveIndex, scope: string, matches: (id: string) => boolean): readonly ServiceTree[] {
  const trees = new Map<string, LiveMetadata[]>();
  for (const object of live.values()) {
    const owner = ownerOf(object);
    if (owner?.scope !== labelValue(scope) || !matches(owner.id)) continue;
    const others = trees.get(owner.id);
    if (others === undefined) trees.set(owner.id, [object]);
    else others.push(object);
  }
  return [...trees]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, objects]) => ({
      service,
      objects: objects
        .toSorted((a, b) => compareRefs(a.ref, b.ref))
        .map((object) => {
          const time = appliedFields(object)?.time;
          return {
            ref: object.ref,
            proven: ownsLabel(object),
            ...(time === undefined ? {} : { appliedAt: time }),
            others: othersOf(object),
            ...(object.deletionTimestamp === undefined ? {} : { terminating: object.deletionTimestamp }),
          };
        }),
    }));
}

function othersOf({ managedFields }: LiveMetadata): readonly string[] {
  return [...new Set(managedFields.map(({ manager }) => manager).filter((name) => name !== FIELD_MANAGER))].sort();
}

/** An object as people name it; `kind` is a kind, a plural or a short name in any case; the first two with their group or without. */
export interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Controllers of controllers: more are a mistake. */
const CONTROLLERS_MAX = 8;

/** Where a live object comes from: its controllers, its service, the file that declares it and who last changed that. */
export async function trace(io: Io, request: PassRequest, named: Named, signal: AbortSignal): Promise<Result<Trace>> {
  const prepared = await prepare(io, request, () => undefined, signal);
  if (!prepared.ok) return prepared;
  const { state } = prepared;
  const kind = kindNamed(named.kind, state.inventory.kinds.values());
  if (kind === undefined) return failed(unknownKind(named.kind, state.inventory.kinds.values()));
  const ref = {
    group: kind.group,
    kind: kind.kind,
    namespace: kind.namespaced ? named.namespace : "",
    name: named.name,
  };
  const found = await read(io.cluster, kind, ref, signal);
  if (!found.ok) return found;
  const controllers: ObjectRef[] = [];
  let top = found.value;
  for (let count = 0; ownerOf(top) === undefined && count < CONTROLLERS_MAX; count += 1) {
    const owner = top.ownerReferences.find(({ controller }) => controller);
    const ownerKind = owner && kindNamed(owner.kind, state.inventory.kinds.values());
    if (owner === undefined || ownerKind === undefined) break;
    const namespace = ownerKind.namespaced ? ref.namespace : "";
    const next = { group: ownerKind.group, kind: ownerKind.kind, namespace, name: owner.name };
    const above = await read(io.cluster, ownerKind, next, signal);
    if (!above.ok) break;
    controllers.push(next);
    top = above.value;
  }
  const plans = await judged(state, planPass(state), signal);
  const step = plans.flatMap(({ steps }) => steps).find((one) => refKey(stepRef(one)) === refKey(top.ref));
  const name = refText(top.ref);
  const refused = plans.flatMap(({ failures }) => failures).find(({ object }) => object === name);
  const owner = ownerOf(top);
  const { snapshot, discovery } = state.revision;
  const service = discovery.services.find(({ id }) => owner !== undefined && labelValue(id) === owner.service);
  const at = step !== undefined && "declared" in step ? step.declared.at : refused?.at;
  const change = at && (await snapshot.lastChange([at.path], signal));
  return ok({
    object: ref,
    controllers,
    ...(owner === undefined ? {} : { service: owner.id, scope: scopeOf(owner.scope, request.scope) }),
    proven: ownsLabel(top),
    managers: othersOf(found.value),
    revision: snapshot.revision,
    ...(service === undefined ? {} : { definedAt: service.at }),
    ...(at === undefined ? {} : { declaredAt: at }),
    ...(change === undefined ? {} : { change: authored(change) }),
    ...(step === undefined ? refused && { why: refused.message } : { action: step.action, why: step.why }),
  });
}

/** A scope as people know it: a label may hold its hash, of which only our own can be told. */
function scopeOf(label: string, own: string): string {
  return label === labelValue(own) ? own : idOfLabel(label);
}

async function read(
  cluster: Pick<Cluster, "metadata">,
  kind: Kind,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<Result<LiveMetadata>> {
  const answer = await cluster.metadata(kind, ref.namespace, ref.name, signal);
  if (!answer.ok) return failed(problemFailure(answer.problem, { verb: "read", what: ref }));
  if (answer.value !== undefined) return ok(answer.value);
  return failed({
    code: "usage/no-such-object",
    message: `there is no ${refText(ref)} in the cluster`,
    remedy: "check its name, and give its namespace in between: deployment/shop/cart",
  });
}

/**
 * The kind of a word: its name, its plural, either with its group, in any case; else its short name, as kubectl has it. Of
 * several the one of the shortest group.
 */
function kindNamed(word: string, kinds: Iterable<Kind>): Kind | undefined {
  const asked = word.toLowerCase();
  const names = ({ kind, resource, group }: Kind): readonly string[] =>
    [kind.toLowerCase(), resource].flatMap((name) => [name, `${name}.${group}`, `${group}/${name}`]);
  const all = [...kinds].toSorted((a, b) => a.group.length - b.group.length || (kindKey(a) < kindKey(b) ? -1 : 1));
  return (
    all.find((kind) => names(kind).includes(asked)) ??
    all.find(({ shortNames }) => shortNames?.includes(asked) === true)
  );
}

function unknownKind(kind: string, kinds: Iterable<Kind>): Failure {
  const names = [...kinds].flatMap((one) => [one.kind.toLowerCase(), one.resource]);
  const meant = kind.length > 3 ? nearest(kind, names) : undefined;
  return {
    code: "usage/no-such-object",
    message: `the API server serves no kind ${JSON.stringify(kind)}`,
    remedy: `${meant === undefined ? "" : `did you mean ${meant}? else `}give its kind or its plural, such as deployment/shop/cart`,
  };
}
