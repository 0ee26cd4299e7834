import type { Answer, Cluster, Problem } from "./port.ts";

/** The same cluster, to which nothing can be written: only reads and dry runs pass. Guards what promises not to write. */
export function readOnly(cluster: Cluster): Cluster {
  return {
    ...cluster,
    apply: async (kind, manifest, options, signal) =>
      options.dryRun === true ? await cluster.apply(kind, manifest, options, signal) : refused("apply"),
    patch: async () => refused("patch"),
    remove: async (kind, namespace, name, options, signal) =>
      options.dryRun === true ? await cluster.remove(kind, namespace, name, options, signal) : refused("delete"),
  };
}

function refused(verb: string): Answer<never> {
  const problem: Problem = {
    kind: "status",
    status: 405,
    reason: "MethodNotAllowed",
    message: `nothing is written in this mode, so there is no ${verb}`,
    causes: [],
    ambiguous: false,
  };
  return { ok: false, problem };
}
