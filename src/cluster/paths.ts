import type { Kind } from "./port.ts";

/** The path of a kind's objects, or of one; names are encoded, for RBAC names may hold colons and more. */
export function resourcePath(kind: Kind, version: string, namespace: string, name?: string): string {
  const root = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const scope = kind.namespaced && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${kind.resource}${object}`;
}

/** A query string of the parameters that have a value, `?` included; empty when there are none. */
export function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? "" : `?${new URLSearchParams(set).toString()}`;
}

/** Errors about these may quote what must not be shown. */
export function holdsSecrets(kind: Kind): boolean {
  return kind.group === "" && kind.resource === "secrets";
}
