import { resolveService } from "./resolve.ts";
import type { Standing } from "./standing.ts";

/**
 * Revisions that a service may hold objects of: the last one that was applied whole, the last that was tried, and what these
 * are not known to follow. None when nothing was ever kept of it; `unknown` when what was kept cannot be understood.
 */
export function appliedAt(
  { kept, head, headless, damaged }: Pick<Standing, "kept" | "head" | "headless" | "damaged">,
  service: string,
): { readonly revisions: readonly string[]; readonly since?: string } | "unknown" {
  const one = kept.services.get(service);
  // Of a service without a record the last pass over all of them tells: it was there then, or came later.
  if (one === undefined) {
    if (headless || damaged) return "unknown";
    return isRevision(head?.revision) ? { revisions: [head.revision], since: head.at } : { revisions: [] };
  }
  const { applied, attempted, lastSuccess } = resolveService(service, one, head, undefined);
  const revisions = [...new Set([applied, attempted, ...(one.departed ?? [])])].filter(isRevision);
  return { revisions, ...(lastSuccess === undefined ? {} : { since: lastSuccess }) };
}

function isRevision(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
