import { type BrokenService, type Discovery, type Failure, nearestId, type Service } from "../model/index.ts";
import { sourcesOf } from "./overlay.ts";

/** For so many names of a revision, what was meant is looked for: each costs a look at all ids. */
const LOOKED_FOR_MAX = 10;

/**
 * What is wrong with the dependencies of services, by service id: a dependency that is not there fails the service that
 * names it, a cycle fails exactly its members. Everybody else is not concerned. `known` holds every id of the revision.
 */
function dependencyFailures(
  services: readonly Service[],
  known: ReadonlySet<string>,
): ReadonlyMap<string, readonly Failure[]> {
  const cyclic = cycles(services);
  const failures = new Map<string, readonly Failure[]>();
  let missed = 0;
  for (const { id, at: defined, settings, settingsFrom } of services) {
    const at = settingsFrom?.dependsOn ?? defined;
    const missing = settings.dependsOn
      .filter((dependency) => !known.has(dependency))
      .map((dependency): Failure => {
        const others = missed < LOOKED_FOR_MAX ? [...known].filter((other) => other !== id) : [];
        missed += 1;
        const meant = nearestId(dependency, others);
        return {
          code: "service/dependency-not-found",
          message: `depends on ${dependency}, which is not in this revision`,
          remedy: `${meant === undefined ? "" : `did you mean ${meant}? else `}add ${dependency}, or remove it from dependsOn`,
          at,
        };
      });
    const cycle = cyclic.get(id);
    const circular: readonly Failure[] =
      cycle === undefined
        ? []
        : [
            {
              code: "service/dependency-cycle",
              message: `depends on itself: ${[...cycle, cycle[0]].join(" → ")}`,
              remedy: "remove one dependsOn of the cycle",
              at,
            },
          ];
    if (missing.length + circular.length > 0) failures.set(id, [...missing, ...circular]);
  }
  return failures;
}

/** The same services, without those whose dependencies are impossible: they are broken as others are. */
export function withDependencies(discovery: Discovery): Pick<Discovery, "services" | "broken"> {
  const { services, broken } = discovery;
  const unfit = dependencyFailures(services, new Set([...services, ...broken].map(({ id }) => id)));
  return {
    services: services.filter(({ id }) => !unfit.has(id)),
    broken: [
      ...broken,
      ...services.flatMap((service): readonly BrokenService[] => {
        const failures = unfit.get(service.id);
        return failures === undefined
          ? []
          : [{ id: service.id, at: service.at, failures, sources: sourcesOf(service) }];
      }),
    ],
  };
}

/** Members of each dependency cycle, by service id: Tarjan's strongly connected components, without recursion. */
function cycles(services: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const edges = new Map(services.map(({ id, settings }) => [id, settings.dependsOn]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found = new Map<string, readonly string[]>();
  for (const { id: start } of services) {
    if (index.has(start)) continue;
    const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1] as { id: string; next: number };
      if (top.next === 0) {
        index.set(top.id, index.size);
        low.set(top.id, index.size - 1);
        open.push(top.id);
        isOpen.add(top.id);
      }
      const to = edges.get(top.id)?.[top.next];
      top.next += 1;
      if (to !== undefined) {
        if (!index.has(to) && edges.has(to)) path.push({ id: to, next: 0 });
        else if (isOpen.has(to)) low.set(top.id, Math.min(low.get(top.id) ?? 0, index.get(to) ?? 0));
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low.set(parent.id, Math.min(low.get(parent.id) ?? 0, low.get(top.id) ?? 0));
      if (low.get(top.id) !== index.get(top.id)) continue;
      const members = open.splice(open.indexOf(top.id));
      for (const member of members) isOpen.delete(member);
      const circular = members.length > 1 || (edges.get(top.id) ?? []).includes(top.id);
      if (circular) for (const member of members) found.set(member, members);
    }
  }
  return found;
}
