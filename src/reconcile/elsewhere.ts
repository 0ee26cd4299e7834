import { kustomizationNames } from "../kustomize/index.ts";
import { type Claimant, labelValue, ownerOf, SERVICE_LABEL, withholding } from "../plan/index.ts";
import { isWithin, linkOn } from "../services/index.ts";
import type { PassState } from "./state.ts";

/**
 * Where a service that is not among those of the revision may be defined nevertheless: outside of what was looked through, as
 * after a change of `--path` under one scope. Nobody took such a service out of git, so that its absence proves nothing (law
 * L2). The record tells where it was defined.
 */
export function elsewhere(
  service: string,
  { request, revision }: { readonly request: Asked; readonly revision: PassState["revision"] },
): string | undefined {
  const { path, definedAt } = request;
  const { tree } = revision.snapshot;
  const { searched = path } = revision.discovery;
  const isFile = (file: string): boolean => tree.entry(file)?.kind === "blob";
  const known = definedAt?.(service);
  const files = known === undefined ? kustomizationNames.map((name) => `${service}/${name}`) : [known];
  const places = known === undefined ? [service, ...files] : files;
  const link = places.map((place) => linkOn(tree, place, ["symlink", "gitlink"])).find((one) => one !== undefined);
  if (link !== undefined) {
    const noun = tree.entry(link)?.kind === "gitlink" ? "submodule" : "symlink";
    return `${link}, where it was defined, is a ${noun} now, and services are not looked for behind those`;
  }
  // A folder whose record is gone still tells by its id; it is looked for below the path alone.
  const file = files.find(isFile);
  if (file === undefined || isWithin(file, searched)) return undefined;
  return `${file}, which it was defined in, is still in git, but not below ${path}`;
}

/** What services of elsewhere own is withheld from those of the revision, who might declare it; they want nothing else. */
export function claimantsElsewhere(
  state: {
    readonly request: Asked & Pick<PassState["request"], "scope">;
    readonly revision: PassState["revision"];
    readonly inventory: Pick<PassState["inventory"], "live">;
  },
  known: readonly string[],
): readonly Claimant[] {
  if ((state.revision.discovery.searched ?? state.request.path) === "") return [];
  const scope = labelValue(state.request.scope);
  const here = new Set(known.map(labelValue));
  const gone = new Set<string>();
  for (const live of state.inventory.live.values()) {
    if (here.has(live.labels[SERVICE_LABEL] ?? "")) continue;
    const owner = ownerOf(live);
    if (owner?.scope === scope) gone.add(owner.id);
  }
  return [...gone].flatMap((service): readonly Claimant[] => {
    const why = elsewhere(service, state);
    const remedy = "confirm first that it left (gitops confirm), or declare it only there";
    return why === undefined ? [] : [withholding(service, why, remedy)];
  });
}

type Asked = Pick<PassState["request"], "path" | "definedAt">;
