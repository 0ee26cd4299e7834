import type { Cluster, Kind } from "../../src/cluster/index.ts";
import type { Json, JsonObject, Manifest } from "../../src/model/index.ts";
import { isScaled } from "./autoscaling.ts";
import { mark } from "./foreign.ts";
import { frozenBody, isFreezable } from "./frozen.ts";
import { isOrphan, isOrphanByApply, type Live } from "./live.ts";
import { markPatch } from "./marks.ts";
import { VALUE } from "./monorepo.ts";
import type { Ground } from "./stage.ts";

/**
 * What others do to the cluster: people, controllers, other installations. `of` picks among the objects that carry an owner
 * label, `with` among all.
 *
 * `edit` a field · `relabel` the owner to another's · `unlabel` · `forget` who wrote which field · `delete` · `recreate` by a
 * stranger, labels copied · `restore` deleted and applied again by another run of the program · `claim` by another
 * installation · `copy` under another name, with its labels · `child` with copied labels and a controller reference · `adopt`
 * put under a controller · `mark` as another tool does that says the object is its own · `former` applied by who had it before us, with another value · `freeze` with another value in it · `scale` what an autoscaler scales · `transfer` to another service, `rescope` to another installation, or `reapply` with another content, by runs of the program · `keep` marked as not to be pruned · `leave`: with any other mark that it is to be left alone, or not to be pruned · `hold` with a finalizer · `release` that finalizer.
 */
export interface Act {
  readonly act:
    | "edit"
    | "relabel"
    | "unlabel"
    | "forget"
    | "delete"
    | "recreate"
    | "restore"
    | "claim"
    | "copy"
    | "child"
    | "adopt"
    | "transfer"
    | "rescope"
    | "reapply"
    | "keep"
    | "leave"
    | "hold"
    | "release"
    | "mark"
    | "former"
    | "freeze"
    | "scale";
  readonly of: number;
  readonly with: number;
}

/** What people write over a value. */
export const EDITED = "edited";
/** An autoscaler sets numbers that git never says. */
const SCALED_MIN = 8;
const SCALED = 4;

const HOLD = "simulator.dev/hold";
const APPLIED = "gitops.bulkhead.dev/applied";
const never = new AbortController().signal;

export async function act(ground: Ground, { act: what, of, with: other }: Act, on?: Live): Promise<unknown> {
  const labelled = (await ground.list()).filter(({ owner }) => owner !== undefined);
  const live = on ?? labelled[of % Math.max(1, labelled.length)];
  if (live === undefined) return undefined;
  const { person, program } = ground;
  const another = labelled[other % labelled.length] ?? live;
  const patch = (body: JsonObject): Promise<unknown> =>
    person.patch(live.kind, live.namespace, live.name, "application/merge-patch+json", body, never);
  switch (what) {
    case "edit":
      return await patch({ metadata: { annotations: { [VALUE]: EDITED } } });
    case "relabel":
      return await patch({ metadata: { labels: ownerLabels(another) } });
    case "unlabel":
      return await patch({ metadata: { labels: { "gitops.bulkhead.dev/service": null } } });
    case "forget":
      return await patch({ metadata: { managedFields: [{}] } });
    case "delete":
      return await deleted(ground, live);
    case "recreate":
      await deleted(ground, live);
      return await apply(person, live.kind, copyOf(live, live.name), "kubectl");
    case "restore":
      // Whoever applies as the program does applies what is declared.
      if (live.annotations[VALUE] === EDITED || (isOrphan(live) && !isOrphanByApply(live))) return undefined;
      await deleted(ground, live);
      return await apply(program, live.kind, copyOf(live, live.name), "gitops");
    case "claim":
      return await apply(program, live.kind, claimed(live), "gitops");
    case "copy":
      return await apply(person, live.kind, copyOf(live, `copy-${live.name}`), "kubectl");
    case "child": {
      const copy = copyOf(live, `child-${live.name}`);
      const metadata = { ...copy.metadata, ownerReferences: [controllerOf(live)] };
      return await apply(person, live.kind, { ...copy, metadata } as Manifest, "some-controller");
    }
    case "adopt": {
      const near = (await ground.list()).filter(
        ({ namespace, uid }) => namespace === live.namespace && uid !== live.uid,
      );
      const controller = near[other % Math.max(1, near.length)];
      if (controller === undefined) return undefined;
      return await patch({ metadata: { ownerReferences: [controllerOf(controller)] } });
    }
    case "reapply": {
      const copy = copyOf(live, live.name);
      const annotations = { ...live.annotations, "gitops.bulkhead.dev/applied": "of another commit" };
      const metadata = { ...copy.metadata, annotations };
      return await apply(program, live.kind, { ...copy, metadata } as Manifest, "gitops");
    }
    case "transfer":
    case "rescope": {
      const copy = copyOf(live, live.name);
      const owner =
        what === "transfer" ? ownerLabels(another) : { ...ownerLabels(live), "gitops.bulkhead.dev/scope": "elsewhere" };
      const labels = { ...live.labels, ...owner };
      // A run says what it applied: what somebody edited is not what the hash before stood for.
      const edited = live.annotations[VALUE] === EDITED ? { [APPLIED]: "of-another-content" } : {};
      const annotations = { ...live.annotations, ...edited };
      return await apply(
        program,
        live.kind,
        { ...copy, metadata: { ...copy.metadata, labels, annotations } } as Manifest,
        "gitops",
      );
    }
    case "keep": {
      const mark = other % 2 === 0 ? "gitops.bulkhead.dev/prune" : "kustomize.toolkit.fluxcd.io/prune";
      return await patch({ metadata: { annotations: { [mark]: "Disabled" } } });
    }
    case "leave":
      return await patch(markPatch(other));
    case "hold":
      return await patch({ metadata: { finalizers: [HOLD] } });
    case "release":
      return await release(ground, live);
    case "mark":
      return await mark(ground, live, other);
    case "former": {
      const { kind, name } = live;
      const metadata = {
        name,
        annotations: { [VALUE]: EDITED },
        ...(live.namespace === "" ? {} : { namespace: live.namespace }),
      };
      const manifest = { apiVersion: live.object["apiVersion"], kind: kind.kind, metadata } as unknown as Manifest;
      return await apply(person, kind, manifest, "kubectl-client-side-apply");
    }
    case "freeze":
      return await freeze(ground, on === undefined ? labelled : [live], of);
    case "scale": {
      const world = await ground.list();
      const scaled = on === undefined ? labelled.filter((one) => isDeployment(one) && isScaled(one, world)) : [live];
      const one = scaled[of % Math.max(1, scaled.length)];
      if (one === undefined || !isDeployment(one) || !isScaled(one, world)) return undefined;
      const body = { spec: { replicas: SCALED_MIN + (other % SCALED) } };
      return await person.patch(one.kind, one.namespace, one.name, "application/merge-patch+json", body, never);
    }
  }
}

/** Lets go of everything that a simulated finalizer holds. */
export async function releaseAll(ground: Ground): Promise<void> {
  for (const live of await ground.list()) await release(ground, live);
}

/** Somebody sets another value in an object, and that it shall never change again. */
async function freeze({ person }: Ground, among: readonly Live[], of: number): Promise<unknown> {
  const freezable = among.filter(isFreezable);
  const one = freezable[of % Math.max(1, freezable.length)];
  if (one === undefined) return undefined;
  const body = { ...frozenBody(one), immutable: true };
  return await person.patch(one.kind, one.namespace, one.name, "application/merge-patch+json", body, never);
}

function isDeployment({ kind }: Live): boolean {
  return kind.kind === "Deployment";
}

async function release({ program }: Ground, live: Live): Promise<void> {
  const finalizers = (live.object["metadata"] as JsonObject)["finalizers"];
  if (!Array.isArray(finalizers) || !finalizers.includes(HOLD)) return;
  const left = finalizers.filter((one: Json) => one !== HOLD);
  const body = { metadata: { finalizers: left } };
  await program.patch(live.kind, live.namespace, live.name, "application/merge-patch+json", body, never);
}

async function deleted(ground: Ground, live: Live): Promise<void> {
  const now = await ground.read(live.kind, live.namespace, live.name);
  if (now === undefined) return;
  const { uid, resourceVersion } = now;
  await ground.person.remove(
    live.kind,
    live.namespace,
    live.name,
    { uid, resourceVersion, propagation: "Background" },
    never,
  );
}

async function apply(who: Cluster, kind: Kind, manifest: Manifest, fieldManager: string): Promise<void> {
  await who.apply(kind, manifest, { fieldManager, force: true }, never);
}

/** The object as somebody would write it down who reads it from the cluster. */
function copyOf({ object, labels, annotations, namespace }: Live, name: string): Manifest {
  const { metadata: _, status: _status, ...rest } = object;
  const metadata = { name, labels, annotations, ...(namespace === "" ? {} : { namespace }) };
  return { ...rest, metadata } as unknown as Manifest;
}

/** The object as another installation would apply it. */
function claimed(live: Live): Manifest {
  const copy = copyOf(live, live.name);
  const labels = {
    ...live.labels,
    "gitops.bulkhead.dev/service": "elsewhere_app",
    "gitops.bulkhead.dev/scope": "elsewhere",
  };
  return { ...copy, metadata: { ...copy.metadata, labels } };
}

function ownerLabels({ labels }: Live): JsonObject {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name.startsWith("gitops.bulkhead.dev/")));
}

function controllerOf({ kind, object, name, uid }: Live): JsonObject {
  return {
    apiVersion: object["apiVersion"] ?? "v1",
    kind: kind.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: false,
  };
}
