import type { ObjectRef } from "../model/index.ts";

/**
 * What an object's own status says about it. `why` is for people: lower case, one line, no full stop. `look` is the command
 * that shows more. The states are those of kstatus: Current, InProgress, Failed and Terminating. `maybeOld`: it was said before
 * the object changed last, and may not be so any more in a moment.
 */
export type Health =
  | { readonly state: "healthy" }
  | { readonly state: "progressing"; readonly why: string }
  | { readonly state: "failed"; readonly why: string; readonly look: string; readonly maybeOld?: boolean }
  | { readonly state: "terminating"; readonly why: string };

export const HEALTHY: Health = { state: "healthy" };

export function progressing(why: string): Health {
  return { state: "progressing", why: oneLine(why) };
}

export function failing(why: string, look: string, maybeOld = false): Health {
  return { state: "failed", why: oneLine(why), look, ...(maybeOld ? { maybeOld } : {}) };
}

/** `kubectl -n shop describe deployments.apps cart`, for any kind. */
export function describing({ group, kind, namespace, name }: ObjectRef): string {
  return kubectl(namespace, `describe ${kind.toLowerCase()}${group === "" ? "" : `.${group}`} ${name}`);
}

export function kubectl(namespace: string, command: string): string {
  return namespace === "" ? `kubectl ${command}` : `kubectl -n ${namespace} ${command}`;
}

/** A condition's message can be a page; this is its beginning. */
const TEXT_MAX = 400;

/** Words of a controller as a part of our line: no line breaks, no full stop, not endless. */
export function oneLine(words: string): string {
  const line = words.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length <= TEXT_MAX ? line : `${line.slice(0, TEXT_MAX)}…`;
}
