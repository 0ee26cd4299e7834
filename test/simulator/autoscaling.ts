import { child, text } from "../../src/model/index.ts";
import type { Intent, Wish } from "./intent.ts";
import type { RunRecord } from "./judge.ts";
import { isInventory } from "./lists.ts";
import type { Live } from "./live.ts";
import { replicasFor } from "./monorepo.ts";
import type { Request } from "./trouble.ts";

/** Whether one of these objects scales a Deployment. */
export function isScaled({ namespace, name }: Pick<Live, "namespace" | "name">, world: readonly Live[]): boolean {
  return world.some((one) => {
    if (one.kind.kind !== "HorizontalPodAutoscaler" || one.namespace !== namespace) return false;
    return text(child(child(one.object, "spec"), "scaleTargetRef"), "name") === name;
  });
}

/** Replicas as the cluster holds them, of any version of the object. */
function replicasIn(object: Live["object"] | undefined): unknown {
  return child(object, "spec")?.["replicas"];
}

/** An apply of a Deployment never sets the replicas that an autoscaler set, nor those that one may have set. */
export function judgeReplicas(run: RunRecord, request: Request, wish: Wish, say: (why: string) => void): void {
  const { kind, before, told, all } = request;
  if (kind?.kind !== "Deployment" || told?.ok !== true) return;
  const { object, created } = told.value as { readonly object: Live["object"]; readonly created: boolean };
  const now = replicasIn(object);
  if (created) {
    if (now !== replicasFor(wish.value)) say(`it is created with ${String(now)} replicas`);
    return;
  }
  if (before === undefined || now === replicasIn(before.object)) return;
  const lists = run.requests.filter((one) => one.kind?.kind === "HorizontalPodAutoscaler");
  const looks = lists.filter((one) => isInventory(one) || one.verb === "objects");
  const change = `${String(replicasIn(before.object))} replicas become ${String(now)}`;
  // One that was away when the program looked, and is there again, came after it.
  const seen = looks.length > 0 && looks.every((one) => isScaled(before, one.all));
  if (seen && isScaled(before, all)) say(`${change}, and an autoscaler scales it`);
  if (lists.some((one) => one.verb === "objects" && one.told?.ok === false))
    say(`${change}, and nobody knows whether an autoscaler scales it`);
}

/** Whether the revision declares an autoscaler for a Deployment, be it in the cluster already or refused to whoever declares it. */
function isToBeScaled({ namespace, name }: Wish, { services }: Intent): boolean {
  const scales = (one: Wish): boolean => one.namespace === namespace && one.scales?.includes(name) === true;
  return services.some(({ state, wishes }) => state === "known" && wishes.some(scales));
}

/** What is wrong with the replicas of a Deployment once nothing happens any more. */
export function unmetReplicas(now: Live, wish: Wish, world: readonly Live[], intent: Intent): string | undefined {
  if (wish.kind !== "Deployment" || isScaled(now, world) || isToBeScaled(wish, intent)) return undefined;
  const replicas = replicasIn(now.object);
  return replicas === replicasFor(wish.value) ? undefined : `has ${String(replicas)} replicas`;
}
