import type { LiveMetadata } from "../../src/cluster/index.ts";
import type { RunRecord } from "./judge.ts";
import type { Request } from "./trouble.ts";

const INVENTORY: ReadonlySet<string> = new Set(["gitops.bulkhead.dev/service", "known"]);

/** Whether a request asked for all of a kind that has an owner; others look at one place. */
export function isInventory({ verb, options, hint }: Request): boolean {
  if (hint !== undefined || verb !== "list" || options?.namespace !== undefined) return false;
  return INVENTORY.has(options?.labelSelector ?? "");
}

/** An object as the run's list told it. */
export function listed(run: RunRecord, key: string): LiveMetadata | undefined {
  for (const { kind, told } of run.requests.filter(isInventory)) {
    if (told?.ok !== true) continue;
    const { items } = told.value as { items: readonly LiveMetadata[] };
    const item = items.find(({ ref }) => `${kind?.group}/${kind?.kind}/${ref.namespace}/${ref.name}` === key);
    if (item !== undefined) return item;
  }
  return undefined;
}
