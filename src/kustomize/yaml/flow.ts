import {
  addEntry,
  asValue,
  closeAnchor,
  draftMapping,
  emptyScalar,
  enter,
  expandAlias,
  finishMapping,
  isMergeKey,
  openAnchor,
  type Spot,
  scalarOf,
} from "./compose.ts";
import type { MappingNode, ScalarNode, SequenceNode, YamlNode } from "./node.ts";
import { atMarker, COLON, columnOf, DASH, isBlankOrEnd, QUESTION, type Reader, refuse, skipBlanks } from "./reader.ts";
import { readPlain, readQuoted } from "./scalars.ts";
import { NO_PROPERTIES, type Properties, readName, readTag } from "./tags.ts";

/** A key and its `:` stand on one line, and no further apart than this. */
const KEY_LENGTH = 1024;

const COMMA = 44;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;

export function spotOf(r: Reader): Spot {
  return { line: r.line, column: columnOf(r) + 1 };
}

/** Reads the anchor and the tag at the position, in either order, and the blanks after them; in blocks those of one line. */
export function readProperties(r: Reader): Properties {
  const { line } = r;
  let anchor: string | undefined;
  let tag: string | undefined;
  while (r.flow > 0 || r.line === line) {
    const code = r.text.charCodeAt(r.pos);
    if (code === 38 && anchor === undefined) anchor = readName(r);
    else if (code === 33 && tag === undefined) tag = readTag(r);
    else break;
    skipBlanks(r);
  }
  return { anchor, tag: tag === "!" ? undefined : tag, bare: tag === "!" };
}

export function hasProperties(r: Reader): boolean {
  const code = r.text.charCodeAt(r.pos);
  return code === 38 || code === 33;
}

/** Reads `[…]`; the position is on the bracket. */
export function readFlowSequence(r: Reader, at: Spot): SequenceNode {
  const node: SequenceNode = { kind: "sequence", items: [], flow: true, line: at.line, column: at.column };
  if (!enter(r)) return node;
  r.nodes++;
  r.flow++;
  r.pos++;
  skipBlanks(r);
  while (!endsFlow(r, CLOSE_LIST, at)) {
    node.items.push(asValue(r, readFlowItem(r)));
    if (!nextFlowEntry(r, CLOSE_LIST, at)) break;
  }
  return leaveFlow(r, node);
}

/** Reads `{…}`; the position is on the brace. */
export function readFlowMapping(r: Reader, at: Spot, isRoot: boolean): MappingNode {
  const draft = draftMapping(at, true);
  if (!enter(r)) return draft.node;
  r.nodes++;
  r.flow++;
  r.pos++;
  skipBlanks(r);
  while (!endsFlow(r, CLOSE_MAP, at)) {
    const pair = readFlowPair(r, r.text.charCodeAt(r.pos) === QUESTION);
    if (pair !== undefined) addEntry(r, draft, pair.key, pair.isMerge, pair.value);
    if (!nextFlowEntry(r, CLOSE_MAP, at)) break;
  }
  return leaveFlow(r, finishMapping(r, draft, isRoot));
}

function leaveFlow<N extends YamlNode>(r: Reader, node: N): N {
  r.flow--;
  r.depth--;
  r.fresh = false;
  return node;
}

function endsFlow(r: Reader, close: number, at: Spot): boolean {
  if (r.text.charCodeAt(r.pos) === close) {
    r.pos++;
    return true;
  }
  if (r.pos < r.end && !atMarker(r)) return false;
  const [open, shut] = close === CLOSE_LIST ? ["[", "]"] : ["{", "}"];
  refuse(r, `${open} is not closed`, `add ${shut}`, at);
  return true;
}

/** Over the comma to the next entry; false when the collection ended here. */
function nextFlowEntry(r: Reader, close: number, at: Spot): boolean {
  skipBlanks(r);
  const code = r.text.charCodeAt(r.pos);
  if (code === COMMA) {
    r.pos++;
    skipBlanks(r);
    return true;
  }
  if (code !== close && !endsFlow(r, close, at)) {
    const shut = close === CLOSE_LIST ? "]" : "}";
    refuse(r, `a comma or ${shut} is missing`, `separate entries with commas and close with ${shut}`);
    return false;
  }
  if (code === close) r.pos++;
  return false;
}

/** An item of a list: a node, or the single pair of a mapping without braces. */
function readFlowItem(r: Reader): YamlNode {
  const at = spotOf(r);
  if (r.text.charCodeAt(r.pos) === QUESTION) {
    r.depth++;
    const draft = draftMapping(at, true);
    const pair = readFlowPair(r, true);
    if (pair !== undefined) addEntry(r, draft, pair.key, pair.isMerge, pair.value);
    r.depth--;
    return finishMapping(r, draft, false);
  }
  const start = r.pos;
  const properties = hasProperties(r) ? readProperties(r) : NO_PROPERTIES;
  const node = readFlowNode(r, at, properties);
  skipBlanks(r);
  if (r.text.charCodeAt(r.pos) !== COLON) return node;
  const key = keyOf(r, node, at, start, false);
  if (key === undefined) return node;
  const draft = draftMapping(at, true);
  if (!enter(r)) return node;
  addEntry(r, draft, key, isMergeKey(key, properties), readFlowValue(r));
  r.depth--;
  return finishMapping(r, draft, false);
}

interface Pair {
  readonly key: ScalarNode;
  readonly isMerge: boolean;
  readonly value: YamlNode;
}

/** A key and its value, either of which may be empty; `asked` when a `?` stands before the key. */
function readFlowPair(r: Reader, asked: boolean): Pair | undefined {
  if (asked) {
    r.pos++;
    skipBlanks(r);
  }
  const at = spotOf(r);
  const start = r.pos;
  const code = r.text.charCodeAt(start);
  const isEmpty = asked && (code === COLON || code === COMMA || code === CLOSE_MAP || code === CLOSE_LIST);
  const properties = !isEmpty && hasProperties(r) ? readProperties(r) : NO_PROPERTIES;
  const node = isEmpty ? emptyScalar(r, at) : readFlowNode(r, at, properties);
  const isTagged = r.pos;
  skipBlanks(r);
  const hasValue = r.text.charCodeAt(r.pos) === COLON;
  const key = keyOf(r, node, at, start, asked || !hasValue);
  if (key === undefined) return undefined;
  const value = hasValue ? readFlowValue(r) : emptyScalar(r, { line: r.line, column: isTagged - r.lineStart + 1 });
  return { key, isMerge: isMergeKey(key, properties), value };
}

/** The position is on the `:`. */
function readFlowValue(r: Reader): YamlNode {
  r.pos++;
  skipBlanks(r);
  const at = spotOf(r);
  const code = r.text.charCodeAt(r.pos);
  if (code === COMMA || code === CLOSE_LIST || code === CLOSE_MAP) return emptyScalar(r, at);
  return readFlowNode(r, at, hasProperties(r) ? readProperties(r) : NO_PROPERTIES);
}

/** A node as a key: a scalar, with its `:` near enough unless a `?` announced it. Undefined after a refusal. */
export function keyOf(r: Reader, node: YamlNode, at: Spot, start: number, announced: boolean): ScalarNode | undefined {
  if (node.kind !== "scalar") {
    refuse(r, `a ${node.kind} is used as a key`, "quote a text that begins with { or [, as templates do", at);
    return undefined;
  }
  if (!announced && (r.line !== at.line || r.pos - start > KEY_LENGTH)) {
    const why = r.line === at.line ? `longer than ${KEY_LENGTH} characters` : "on more than one line";
    refuse(r, `a key is ${why}`, "quote the text, or check its indentation", at);
    return undefined;
  }
  return node;
}

function readFlowNode(r: Reader, at: Spot, properties: Properties): YamlNode {
  const code = r.text.charCodeAt(r.pos);
  const before = openAnchor(r, properties.anchor);
  const node = readFlowContent(r, code, at, properties);
  closeAnchor(r, properties.anchor, node, before);
  return node;
}

function readFlowContent(r: Reader, code: number, at: Spot, properties: Properties): YamlNode {
  switch (code) {
    case OPEN_LIST:
      return readFlowSequence(r, at);
    case OPEN_MAP:
      return readFlowMapping(r, at, false);
    case 34:
    case 39:
      return scalarOf(r, readQuoted(r), code === 34 ? "double" : "single", at, properties);
    case 42: {
      const name = properties === NO_PROPERTIES ? readName(r) : undefined;
      if (name !== undefined) return expandAlias(r, name, at);
      break;
    }
    default:
      if (startsPlain(r, code)) return scalarOf(r, readPlain(r, 0), "plain", at, properties);
  }
  const ends = code === COMMA || code === COLON || code === CLOSE_LIST || code === CLOSE_MAP;
  if (properties === NO_PROPERTIES || !ends) refuseStart(r, code);
  return emptyScalar(r, at, properties);
}

/** Whether a plain text may begin with the character at the position. */
export function startsPlain(r: Reader, code: number): boolean {
  if (code === DASH) return !isBlankOrEnd(r.text.charCodeAt(r.pos + 1));
  if (code === QUESTION || code === COLON) return r.flow === 0 && !isBlankOrEnd(r.text.charCodeAt(r.pos + 1));
  return !isBlankOrEnd(code) && !INDICATORS.includes(String.fromCharCode(code));
}

const INDICATORS = ",[]{}#&*!|>'\"%@`";

export function refuseStart(r: Reader, code: number): void {
  if (r.pos >= r.end) refuse(r, "a value is missing at the end of the text", "complete the last line");
  else if (code === 9) refuse(r, "a tab is used as indentation", "indent with spaces");
  else refuse(r, `no value can begin with ${String.fromCharCode(code)} here`, "quote the text");
}
