import type { Cluster, Kind, LiveMetadata } from "../../src/cluster/index.ts";
import type { ForeignTool } from "../../src/model/index.ts";
import type { Wish } from "./intent.ts";
import type { RunRecord } from "./judge.ts";
import { isInventory, listed } from "./lists.ts";
import { asLabel, isLabelledByApply, isProven, type Live, OWNER_KINDS, recordOf } from "./live.ts";
import { type Request, toldMetadata } from "./trouble.ts";

/** Who an object says that it belongs to: the judge's own reading of it. */
interface Holder {
  readonly tool: ForeignTool;
  /** As `ownersAtWork` names it. */
  readonly id: string;
  /** Of the kind that it is of. */
  readonly group: string;
}

/** How other tools are in one run. */
export interface Tools {
  /** Owners that are there and at work. */
  readonly atWork: ReadonlySet<string>;
  /** Nobody is told of owners. */
  readonly veiled: boolean;
  /** Those that the run was told to take objects over from. */
  readonly adopt: readonly ForeignTool[];
}

const FLUX = "kustomize.toolkit.fluxcd.io";
const CHART = "helm.toolkit.fluxcd.io";
const ARGO = "argocd.argoproj.io";
const SERVICE_ID = "gitops.bulkhead.dev/service-id";

type Marked = Pick<LiveMetadata, "labels" | "annotations"> & { readonly managedFields: unknown };

/**
 * Whether the Flux marks are the program's own: they name the service whose object it was, which its own apply wrote beside
 * them, or which a label of ours names whose record somebody erased.
 */
function isOwnMark({ labels, annotations, managedFields }: Marked): boolean {
  const named = `${labels[`${FLUX}/namespace`]}/${labels[`${FLUX}/name`]}`;
  if (isLabelledByApply(managedFields as never, `${FLUX}/name`)) return annotations[SERVICE_ID] === named;
  return labels["gitops.bulkhead.dev/service"] === asLabel(named);
}

/** A Kustomization may be named like the service that declares the object now: Flux may still be at work on it. */
function holdersOf(marked: Marked): readonly Holder[] {
  const { labels, annotations } = marked;
  const flux = labels[`${FLUX}/name`];
  const chart = labels[`${CHART}/name`];
  const release = annotations["meta.helm.sh/release-name"];
  const tracked = annotations[`${ARGO}/tracking-id`]?.split(":")[0] ?? labels[`${ARGO}/instance`];
  const app = labels["kapp.k14s.io/app"];
  const fluxHome = labels[`${FLUX}/namespace`] ?? "";
  const holders: readonly (Holder | undefined)[] = [
    flux === undefined || isOwnMark(marked)
      ? undefined
      : { tool: "flux", id: `Kustomization ${fluxHome}/${flux}`, group: FLUX },
    chart === undefined
      ? undefined
      : { tool: "flux", id: `HelmRelease ${labels[`${CHART}/namespace`]}/${chart}`, group: CHART },
    release === undefined
      ? undefined
      : {
          tool: chart === undefined ? "helm" : "flux",
          id: `release ${annotations["meta.helm.sh/release-namespace"]}/${release}`,
          group: "",
        },
    tracked === undefined ? undefined : { tool: "argo", id: `Application ${tracked}`, group: "argoproj.io" },
    app === undefined ? undefined : { tool: "kapp", id: `app ${app}`, group: "" },
  ];
  return holders.filter((one) => one !== undefined);
}

/**
 * Whom an object is left to: somebody who is at work or cannot be asked for, and whom nobody said to take it from. `asked`:
 * what the program asked before; whoever was at work only after the answer that it got was not yet, as far as it could know.
 */
function leftTo(
  marked: Marked,
  { spelling, adopt }: Wish,
  tools: Tools,
  asked: readonly Request[],
): Holder | undefined {
  if (spelling === "adopting") return undefined;
  return holdersOf(marked).find(
    (one) =>
      ![...tools.adopt, ...adopt].includes(one.tool) &&
      (tools.veiled || tools.atWork.has(one.id)) &&
      !asked.some((request) => request.fault === "stale" && asksFor(one, request)),
  );
}

/** Why a service need not have an object that it wants, once nothing happens any more. */
export function strangersExcuse(
  now: Live | undefined,
  { scope, service }: { readonly scope: string; readonly service: string },
  wish: Wish,
  tools: Tools,
): string | undefined {
  if (now === undefined || now.owner?.proven === true) return undefined;
  if (now.owner?.scope === scope && now.owner.service === asLabel(service)) return undefined;
  const holder = leftTo({ ...now, managedFields: recordOf(now) }, wish, tools, []);
  return holder === undefined ? undefined : `it belongs to ${holder.id}`;
}

type Say = (why: string) => void;

/** Whether a service may write what is there already, by what the program was told of it before. */
export function judgeStranger(run: RunRecord, request: Request, service: string, wish: Wish, say: Say): void {
  const { before, kind } = request;
  if (before === undefined) return;
  const label = asLabel(service);
  const earlier = run.requests.slice(0, run.requests.indexOf(request));
  const inventory = run.requests.find((one) => isInventory(one) && one.kind?.kind === kind?.kind);
  if (inventory === undefined) return;
  const item = listed(run, wish.key);
  const look = earlier.find((one) => one.verb === "metadata" && isSame(one, request));
  if (item === undefined && look === undefined) return say("nobody looked whether it is there already");
  if (item === undefined && look?.told?.ok === false) return say("whether it is there already could not be asked");
  const planned = item ?? (look === undefined ? undefined : toldMetadata(look));
  if (planned?.uid !== before.uid || planned.deletionTimestamp !== undefined) return;
  const owner = planned.labels["gitops.bulkhead.dev/service"];
  const mine = owner === label && planned.labels["gitops.bulkhead.dev/scope"] === run.scope;
  if (isProven(planned.managedFields as never)) {
    if (item === undefined && !mine) say(`it is owned by ${owner}, who was not asked`);
    return;
  }
  if (planned.ownerReferences.some(({ controller }) => controller)) return say("another object controls it");
  if (mine) return;
  const holder = leftTo(planned, wish, run.tools, earlier);
  if (holder !== undefined) return say(`it belongs to ${holder.id}`);
  if (wish.spelling === "adopting") return;
  for (const gone of holdersOf(planned)) {
    if (![...run.tools.adopt, ...wish.adopt].includes(gone.tool) && !isKnownGone(gone, earlier))
      say(`${gone.id} could not be asked for`);
  }
}

/** Whether the program was told enough to know that an owner is not at work. */
function isKnownGone(holder: Holder, earlier: readonly Request[]): boolean {
  const [what] = holder.id.split(" ");
  const asked = earlier.filter((one) => asksFor(holder, one));
  const discovery = earlier.find(({ verb }) => verb === "kinds")?.told;
  if (discovery?.ok === true) {
    const { failedGroups } = discovery.value as { readonly failedGroups: readonly string[] };
    // A process that stays knows the kind from before, and its objects may be asked for all the same.
    if (asked.length === 0 && holder.group !== "" && failedGroups.includes(holder.group)) return false;
  }
  const lists = earlier.filter((one) => isInventory(one) && one.kind?.kind === what);
  if (lists.some(({ told }) => told?.ok === false)) return false;
  return asked.every(({ told }) => told?.ok === true);
}

function asksFor({ id }: Holder, { verb, kind, namespace, name, options }: Request): boolean {
  const [what = "", which = ""] = id.split(" ");
  const selector = options?.labelSelector ?? "";
  if (what === "release") return selector === `owner=helm,name=${which.split("/").at(-1)}`;
  if (what === "app") return selector === "kapp.k14s.io/is-app" || (verb === "get" && name === "kapp-busy");
  // A list of one namespace asks what lives in it.
  if (what === "Application")
    return kind?.kind === what && verb === "list" && selector === "" && options?.namespace === undefined;
  return kind?.kind === what && verb !== "list" && `${namespace}/${name}` === which;
}

/** Preparing an object that somebody else applied before: as it was read, and only where it may be written. */
export function judgePatch(run: RunRecord, request: Request, say: Say): void {
  const { before, kind, namespace, name } = request;
  const key = `${kind?.group}/${kind?.kind}/${namespace}/${name}`;
  const earlier = run.requests.slice(0, run.requests.indexOf(request));
  const read = earlier.findLast((one) => one.verb === "metadata" && isSame(one, request));
  const told = (read === undefined ? undefined : toldMetadata(read)) ?? listed(run, key);
  if (before !== undefined && told?.resourceVersion !== before.resourceVersion)
    say("it is not as it was when the program read it");
  const reasons = run.intent.services.flatMap(({ id, state, wishes }) =>
    wishes
      .filter((wish) => wish.key === key && state === "known")
      .map((wish) => {
        const whys: string[] = [];
        judgeStranger(run, request, id, wish, (why) => void whys.push(why));
        return whys[0];
      }),
  );
  if (reasons.length === 0) say("nobody wants it");
  else if (reasons.every((why) => why !== undefined)) say(reasons[0] ?? "");
}

function isSame(one: Request, { kind, namespace, name }: Request): boolean {
  return one.kind?.kind === kind?.kind && one.namespace === namespace && one.name === name;
}

/** A cluster in which the program may not look at the owners of other tools. */
export function behindVeil(cluster: Cluster, veiled: boolean): Cluster {
  if (!veiled) return cluster;
  const refused = {
    ok: false,
    problem: { kind: "status", status: 403, reason: "Forbidden", message: "veiled", causes: [], ambiguous: false },
  } as const;
  const isOwner = ({ group, kind }: Kind): boolean =>
    OWNER_KINDS.some((one) => one.group === group && one.kind === kind);
  return {
    ...cluster,
    get: async (kind, ...rest) => (isOwner(kind) ? refused : await cluster.get(kind, ...rest)),
    metadata: async (kind, ...rest) => (isOwner(kind) ? refused : await cluster.metadata(kind, ...rest)),
    async list(kind, options, signal) {
      const { labelSelector = "", namespace } = options;
      const hidden = /^(?:owner=helm|kapp\.)/.test(labelSelector) || (labelSelector === "" && isOwner(kind));
      return hidden && namespace !== "three" ? refused : await cluster.list(kind, options, signal);
    },
  };
}
