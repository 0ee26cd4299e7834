import type { ScalarTag } from "./node.ts";
import { isBlankOrEnd, type Reader, refuse } from "./reader.ts";

/** What stands before a node: its anchor and its tag. */
export interface Properties {
  readonly anchor: string | undefined;
  /** The tag in its short form (`!!int`, `!mine`); undefined for none and for the non-specific `!`. */
  readonly tag: string | undefined;
  /** True for the non-specific tag `!`. */
  readonly bare: boolean;
}

export const NO_PROPERTIES: Properties = { anchor: undefined, tag: undefined, bare: false };

const CORE = "tag:yaml.org,2002:";
const NAME = /[0-9A-Za-z_-]*/y;
const AFTER_NAME = "?:,]}%@`";
const URI = /(?:[0-9A-Za-z_\-;/?:@&=+$,.!~*'()[\]]|%[0-9A-Fa-f]{2})*/y;

function matchAt(pattern: RegExp, r: Reader, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(r.text)?.[0] ?? "";
}

/** The name after `&` or `*`; the position is on the sign. Undefined after a refusal. */
export function readName(r: Reader): string | undefined {
  const name = matchAt(NAME, r, r.pos + 1);
  const after = r.text.charCodeAt(r.pos + 1 + name.length);
  if (name === "" || !(isBlankOrEnd(after) || AFTER_NAME.includes(String.fromCharCode(after)))) {
    refuse(r, "an anchor's name has letters, digits, - and _ only", "rename the anchor, or quote the text");
    return undefined;
  }
  r.pos += 1 + name.length;
  r.fresh = false;
  return name;
}

/** The tag in its short form, "!" for the non-specific one; the position is on `!`. Undefined after a refusal. */
export function readTag(r: Reader): string | undefined {
  const { text, pos } = r;
  if (text.charAt(pos + 1) === "<") {
    const uri = matchAt(URI, r, pos + 2);
    const stop = pos + 2 + uri.length;
    if (uri === "" || text.charAt(stop) !== ">") return unreadable(r);
    return endTag(r, stop + 1, uri);
  }
  const word = matchAt(NAME, r, pos + 1);
  const after = pos + 1 + word.length;
  if (text.charAt(after) === "!") {
    const suffix = matchAt(URI, r, after + 1);
    const prefix = r.tagHandles.get(`!${word}!`) ?? (word === "" ? CORE : undefined);
    if (suffix === "") return unreadable(r);
    if (prefix === undefined) {
      refuse(r, `the tag handle !${word}! is not declared`, "declare it with %TAG, or remove the tag");
      return undefined;
    }
    return endTag(r, after + 1 + suffix.length, prefix + suffix);
  }
  const suffix = word + matchAt(URI, r, after);
  const tag = suffix === "" ? "!" : (r.tagHandles.get("!") ?? "!") + suffix;
  return endTag(r, pos + 1 + suffix.length, tag);
}

function unreadable(r: Reader): undefined {
  refuse(r, "a tag cannot be read", "write it as !!type or !name, or quote the text");
  return undefined;
}

function endTag(r: Reader, stop: number, long: string): string | undefined {
  if (!isBlankOrEnd(r.text.charCodeAt(stop))) return unreadable(r);
  r.pos = stop;
  r.fresh = false;
  let tag = long;
  if (long.includes("%")) {
    try {
      tag = decodeURIComponent(long);
    } catch {
      return unreadable(r);
    }
  }
  return tag.startsWith(CORE) ? `!!${tag.slice(CORE.length)}` : tag;
}

/** Reads `%YAML` and `%TAG` lines; the position is on `%`. */
export function readDirective(r: Reader, seen: { version: boolean }): void {
  const rest = r.text.slice(r.pos, r.text.indexOf("\n", r.pos) < 0 ? r.end : r.text.indexOf("\n", r.pos));
  const version = /^%YAML[ \t]+(\d{1,2})\.(\d{1,2})[ \t]*(?:#.*)?$/.exec(rest);
  const tag = /^%TAG[ \t]+(!(?:[0-9A-Za-z_-]*!)?)[ \t]+([0-9A-Za-z_\-;/?:@&=+$,.!~*'()[\]%]+)[ \t]*(?:[ \t]#.*)?$/.exec(
    rest,
  );
  if (version !== null && !seen.version && Number(version[1]) === 1 && Number(version[2]) === 1) seen.version = true;
  else if (tag !== null && !r.tagHandles.has(tag[1] ?? "")) r.tagHandles.set(tag[1] ?? "", tag[2] ?? "");
  else if (version !== null)
    refuse(r, seen.version ? "%YAML stands twice" : "only YAML 1.1 can be declared", "remove the %YAML line");
  else refuse(r, "a directive cannot be read", "quote the text, or remove the line");
  if (r.trouble === undefined) r.pos += rest.length;
}

/** The tags that a scalar can state; any other makes it a string, as in Go. */
export function scalarTag(tag: string): ScalarTag {
  switch (tag) {
    case "!!int":
    case "!!float":
    case "!!bool":
    case "!!null":
    case "!!binary":
    case "!!timestamp":
      return tag;
    default:
      return "!!str";
  }
}
