import { kustomizationNames } from "../kustomize/index.ts";
import { isWithin } from "../services/index.ts";
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
  // A folder whose record is gone still tells by its id; it is looked for below the path alone.
  const file = known ?? kustomizationNames.map((name) => `${service}/${name}`).find(isFile);
  if (file === undefined || isWithin(file, searched) || !isFile(file)) return undefined;
  return `${file}, which it was defined in, is still in git, but not below ${path}`;
}

type Asked = Pick<PassState["request"], "path" | "definedAt">;
