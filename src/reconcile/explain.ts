import type { LastChange } from "../git/index.ts";
import {
  type Authored,
  type Explanation,
  type Failure,
  failed,
  nearestId,
  ok,
  type Result,
  type StepAction,
} from "../model/index.ts";
import { ownerOf, type ServicePlan } from "../plan/index.ts";
import { sourcesOf } from "../services/index.ts";
import type { Assembled } from "./assemble.ts";
import { becauseOf } from "./because.ts";
import { summaryOf } from "./execute.ts";
import { judged } from "./lineage.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import { planPass } from "./planning.ts";
import { prepare } from "./prepare.ts";
import type { PassState } from "./state.ts";
import { suspendedBecause } from "./suspended.ts";
import { notReady, waitsFor } from "./waits-for.ts";

/** What a sync would do about a service and why, or why there is nothing to do. Changes nothing. */
export async function explain(
  io: Io,
  request: PassRequest,
  id: string,
  signal: AbortSignal,
): Promise<Result<Explanation>> {
  const prepared = await prepare(io, request, () => undefined, signal);
  if (!prepared.ok) return prepared;
  const { state } = prepared;
  for (const late of state.assembly.late) state.joined.push(await late.assembled());
  const ready = [...state.assembly.ready, ...state.joined];
  const all = { ...state, assembly: { ...state.assembly, ready, late: [] } };
  const { snapshot } = state.revision;
  const plans = planPass(all);
  const [plan] = await judged(
    all,
    plans.filter(({ service }) => service === id),
    signal,
  );
  const assembled = ready.find(({ service }) => service.id === id);
  const broken = state.broken.find((one) => one.id === id);
  const left = state.suspendedGone.find(({ service }) => service === id);
  if (plan === undefined && assembled === undefined && broken === undefined && left === undefined)
    return failed(noSuchService(id, state));

  const unready =
    plan === undefined || assembled === undefined
      ? []
      : waitsFor(assembled.service, { ready, broken: state.broken, plans });
  const steps = unready.length > 0 ? [] : (plan?.steps ?? []);
  const told = steps.filter(({ action }) => action !== "unchanged").map(summaryOf);
  const known = [...(broken?.failures ?? []), ...(assembled?.failures ?? []), ...(plan?.failures ?? [])];
  const at = assembled?.service.at ?? broken?.at;
  const failures =
    unready.length === 0 || at === undefined
      ? known
      : [
          ...known,
          notReady(
            unready.map((service) => ({ service })),
            { at },
          ),
        ];
  const sources = broken?.sources ?? (assembled === undefined ? [] : sourcesOf(assembled.service));
  const { footprint = [], changed } = assembled ?? {};
  const files = footprint.map(([path]) => path);
  const looked = changed === undefined || changed.length === 0 ? (files.length > 0 ? files : sources) : changed;
  const change = looked.length === 0 ? undefined : await snapshot.lastChange(looked, signal);
  return ok({
    service: id,
    revision: snapshot.revision,
    ...(at === undefined ? {} : { at }),
    because:
      left === undefined
        ? unready.length > 0
          ? "nothing of it is tried before what it depends on is ready"
          : sayWhy(assembled, plan, broken !== undefined, request)
        : `it left git, and is left alone: ${left.why}`,
    runs: assembled?.built === true || told.some(({ action }) => !LEFT.has(action)),
    ...(files.length === 0 ? {} : { footprint: files.length }),
    ...(changed === undefined ? {} : { changed }),
    ...(change === undefined ? {} : { change: authored(change) }),
    steps: told,
    unchanged: steps.length - told.length,
    ...(assembled?.service.settings.drift === "off" ? { driftUnseen: true } : {}),
    failures,
  });
}

/** What a sync only tells of. */
const LEFT: ReadonlySet<StepAction> = new Set(["kept", "held", "drifted"]);

function sayWhy(
  assembled: Assembled | undefined,
  plan: ServicePlan | undefined,
  broken: boolean,
  request: PassRequest,
): string {
  if (broken) return "its definition is broken; what it owns is left as it is";
  if (assembled === undefined) {
    const some = (plan?.steps.length ?? 0) > 0;
    return `it left git, and ${some ? "these are its objects that are left" : "other services declare what is left of it"}`;
  }
  const { id, settings } = assembled.service;
  if (settings.suspend) return `it is ${suspendedBecause(id, request)}`;
  return becauseOf(assembled, plan ?? { steps: [] });
}

export function authored({ commit, exact }: LastChange): Authored {
  const { id, author, email, subject, timeMs } = commit;
  return { commit: id, author, email, subject, at: new Date(timeMs).toISOString(), exact };
}

function noSuchService(id: string, { revision, request, broken, inventory }: PassState): Failure {
  const owners = [...inventory.live.values()].flatMap((live) => ownerOf(live)?.id ?? []);
  const meant = nearestId(id, [...[...revision.discovery.services, ...broken].map((one) => one.id), ...owners]);
  return {
    code: "usage/no-such-service",
    message: `there is no service ${JSON.stringify(id)} in revision ${revision.snapshot.revision.commit.slice(0, 12)}, and nothing of it in the cluster`,
    remedy: `${meant === undefined ? "" : `did you mean ${meant}? else `}see gitops services${request.path === "" ? "" : ` --path ${request.path}`} for what there is`,
  };
}
