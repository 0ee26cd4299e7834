import type { Place } from "../../model/index.ts";
import { gvkText, kindRanks, legacyOrder } from "../config/config.ts";
import { byCodeUnit } from "../fields.ts";
import type { SortOptionsSpec } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { currentId, type Resource, type ResourceId } from "../resource.ts";

/** The order that `sortOptions` or the old `--reorder` switch asks for; undefined when the options are wrong. */
export function sortResources(
  resources: readonly Resource[],
  options: SortOptionsSpec,
  at: Place,
  report: Report,
): readonly Resource[] | undefined {
  const { order, legacySortOptions } = options;
  if (order !== "legacy" && order !== "fifo") {
    return report.fail(
      "build/invalid-kustomization",
      at,
      "sortOptions.order must be legacy or fifo",
      "write one of them",
    );
  }
  if (order === "fifo") {
    if (legacySortOptions === undefined) return resources;
    return report.fail(
      "build/invalid-kustomization",
      legacySortOptions.at,
      "legacySortOptions is set, but the order is fifo",
      "set order to legacy, or remove legacySortOptions",
    );
  }
  const { orderFirst = [], orderLast = [] } = legacySortOptions ?? legacyOrder;
  const ranks = kindRanks(orderFirst, orderLast);
  return resources
    .map((resource) => ({ resource, id: currentId(resource) }))
    .toSorted((a, b) => compare(a.id, b.id, ranks))
    .map(({ resource }) => resource);
}

function compare(a: ResourceId, b: ResourceId, ranks: ReadonlyMap<string, number>): number {
  if (a.group === b.group && a.version === b.version && a.kind === b.kind) return byCodeUnit(sortText(a), sortText(b));
  const byRank = (ranks.get(a.kind) ?? 0) - (ranks.get(b.kind) ?? 0);
  if (byRank !== 0) return byRank;
  const order = byCodeUnit(gvkText(a), gvkText(b));
  const namespaces = a.kind === "Namespace" && b.kind === "Namespace" && (a.group === "" || b.group === "");
  return namespaces ? -order : order;
}

function sortText(id: ResourceId): string {
  const gvk = `${id.kind || "[noKind]"}.${id.version || "[noVer]"}.${id.group || "[noGrp]"}`;
  return `${gvk}|${id.namespace || "~X"}|${id.name || "~N"}`;
}
