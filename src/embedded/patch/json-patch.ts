import { isObject, type Json } from "../../model/index.ts";
import { copy, scalarText } from "../kinds/draft.ts";
import { equal } from "../merge/equal.ts";

export type Patched = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string };

type Slot = Json[] | Record<string, Json>;

/** JSON patch (RFC 6902), as the server's library applies it: a missing path or a failed test is an error. */
export function jsonPatch(target: Json, operations: readonly Json[]): Patched {
  const root: Record<string, Json> = { "": copy(target) };
  for (const operation of operations) {
    const why = isObject(operation) ? step(root, operation) : "an operation is no object";
    if (why !== undefined) return { ok: false, why };
  }
  return { ok: true, value: root[""] ?? null };
}

function step(root: Slot, operation: { readonly [key: string]: Json }): string | undefined {
  const [op, path, from] = [operation["op"], scalarText(operation["path"] ?? ""), scalarText(operation["from"] ?? "")];
  const value = operation["value"];
  switch (scalarText(op)) {
    case "add":
      return value === undefined ? "add needs a value" : add(root, path, value);
    case "replace": {
      // Of a map's missing key, the server's library makes an addition.
      if (Array.isArray(holder(root, path)?.slot) && read(root, path) === undefined) return `no such index: ${path}`;
      return value === undefined ? "replace needs a value" : write(root, path, value);
    }
    case "remove":
      return remove(root, path);
    case "test":
      return equal(read(root, path) ?? null, value ?? null) ? undefined : `test failed: ${path}`;
    case "copy": {
      const found = read(root, from);
      return found === undefined ? `copy from a missing path: ${from}` : add(root, path, copy(found));
    }
    case "move": {
      const found = read(root, from);
      if (found === undefined) return `move from a missing path: ${from}`;
      return remove(root, from) ?? add(root, path, found);
    }
    default:
      return `unknown operation ${scalarText(op)}`;
  }
}

function keysOf(path: string): readonly string[] {
  return path.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The place that holds a path's last key; the root is below the empty key. */
function holder(root: Slot, path: string): { readonly slot: Slot; readonly key: string } | undefined {
  const keys = keysOf(path);
  let slot: Json | undefined = root as Json;
  for (const key of keys.slice(0, -1))
    slot = Array.isArray(slot) ? slot[Number(key)] : isObject(slot) ? slot[key] : undefined;
  const key = keys.at(-1) ?? "";
  return typeof slot === "object" && slot !== null ? { slot: slot as Slot, key } : undefined;
}

function read(root: Slot, path: string): Json | undefined {
  const at = holder(root, path);
  if (at === undefined) return undefined;
  return Array.isArray(at.slot) ? at.slot[Number(at.key)] : at.slot[at.key];
}

function write(root: Slot, path: string, value: Json): string | undefined {
  const at = holder(root, path);
  if (at === undefined) return `no such path: ${path}`;
  if (Array.isArray(at.slot)) at.slot[Number(at.key)] = value;
  else at.slot[at.key] = value;
  return undefined;
}

function add(root: Slot, path: string, value: Json): string | undefined {
  const at = holder(root, path);
  if (at === undefined) return `no such path: ${path}`;
  if (!Array.isArray(at.slot)) {
    at.slot[at.key] = value;
    return undefined;
  }
  const index = at.key === "-" ? at.slot.length : Number(at.key);
  if (!Number.isInteger(index) || index < 0 || index > at.slot.length) return `no such index: ${path}`;
  at.slot.splice(index, 0, value);
  return undefined;
}

function remove(root: Slot, path: string): string | undefined {
  const at = holder(root, path);
  if (at === undefined || read(root, path) === undefined) return `remove of a missing path: ${path}`;
  if (Array.isArray(at.slot)) at.slot.splice(Number(at.key), 1);
  else delete at.slot[at.key];
  return undefined;
}
