import {
  addEntry,
  asValue,
  closeAnchor,
  type Draft,
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
import {
  hasProperties,
  keyOf,
  readFlowMapping,
  readFlowSequence,
  readProperties,
  refuseStart,
  spotOf,
  startsPlain,
} from "./flow.ts";
import type { ScalarNode, SequenceNode, YamlNode } from "./node.ts";
import {
  atDocumentEnd,
  COLON,
  columnOf,
  DASH,
  isBlankOrEnd,
  QUESTION,
  type Reader,
  refuse,
  SPACE,
  skipBlanks,
  TAB,
} from "./reader.ts";
import { readBlockScalar, readPlain, readQuoted } from "./scalars.ts";
import { NO_PROPERTIES, type Properties, readName } from "./tags.ts";

/** Where a block node stands, which decides what may come and what an absent value is. */
type Place = "root" | "value" | "item";

/** What is known of a node before its content. */
interface Beginning {
  readonly at: Spot;
  readonly start: number;
  /** Whether a key or a block collection may begin at `start`. */
  readonly wasFresh: boolean;
  /** Properties on the line of the content: a first key's, if there is one. */
  readonly own: Properties;
  /** Properties on a line before: the whole node's. */
  readonly outer: Properties;
}

/**
 * Reads the node at the position, which is a token in a block at `indent` (-1 outside of all). `value`s may be lists at
 * the indentation of their key.
 */
export function readBlockNode(r: Reader, indent: number, place: Place): YamlNode {
  const at = spotOf(r);
  if (isAbsent(r, indent, place)) return emptyScalar(r, at);
  const start = r.pos;
  const wasFresh = r.fresh;
  if (!hasProperties(r))
    return readContent(r, indent, place, { at, start, wasFresh, own: NO_PROPERTIES, outer: NO_PROPERTIES });
  const properties = readProperties(r);
  if (r.line === at.line && !atDocumentEnd(r))
    return readContent(r, indent, place, { at, start, wasFresh, own: properties, outer: NO_PROPERTIES });
  return readOwned(r, indent, place, at, properties);
}

/** What stands below a line of properties: more of them, perhaps those of a first key, or content, or nothing. */
function readOwned(r: Reader, indent: number, place: Place, first: Spot, outer: Properties): YamlNode {
  const mark = openAnchor(r, outer.anchor);
  const node = readBelow(r, indent, place, first, outer);
  closeAnchor(r, outer.anchor, node, mark);
  return node;
}

function readBelow(r: Reader, indent: number, place: Place, first: Spot, outer: Properties): YamlNode {
  if (isAbsent(r, indent, place)) return emptyScalar(r, first, outer);
  const at = spotOf(r);
  const b: Beginning = { at, start: r.pos, wasFresh: r.fresh, own: NO_PROPERTIES, outer };
  if (!hasProperties(r)) return readContent(r, indent, place, b);
  const own = readProperties(r);
  if (r.line === at.line && !atDocumentEnd(r)) return readContent(r, indent, place, { ...b, own });
  const both = joined(r, outer, own, at);
  return readOwned(r, indent, place, first, { ...both, anchor: own.anchor });
}

/** Two lines of properties of one node: an anchor and a tag. */
function joined(r: Reader, outer: Properties, own: Properties, at: Spot): Properties {
  const isTwice = (name: "anchor" | "tag"): boolean => outer[name] !== undefined && own[name] !== undefined;
  if (isTwice("anchor") || isTwice("tag")) refuse(r, "a node has two sets of properties", "remove one of them", at);
  return { anchor: outer.anchor ?? own.anchor, tag: outer.tag ?? own.tag, bare: outer.bare || own.bare };
}

function isAbsent(r: Reader, indent: number, place: Place): boolean {
  if (atDocumentEnd(r)) return true;
  const column = columnOf(r);
  if (column > indent) return false;
  if (column < indent) return true;
  const code = r.text.charCodeAt(r.pos);
  if (code === 124 || code === 62) return false;
  return place === "item" || !isIndicator(r, DASH);
}

/** Whether `-`, `?` or `:` stands at the position as an indicator. */
function isIndicator(r: Reader, code: number): boolean {
  return r.text.charCodeAt(r.pos) === code && isBlankOrEnd(r.text.charCodeAt(r.pos + 1));
}

function readContent(r: Reader, indent: number, place: Place, b: Beginning): YamlNode {
  const code = r.text.charCodeAt(r.pos);
  const column = columnOf(r);
  if (isIndicator(r, DASH)) {
    if (r.fresh) return readBlockSequence(r, column, column === indent);
    return misplaced(r, "a list item begins in the middle of a line", "begin the list on a line of its own");
  }
  if (isIndicator(r, QUESTION)) {
    if (r.fresh) return readBlockMapping(r, column, b.at, undefined, place === "root");
    return misplaced(r, "a key begins in the middle of a line", "begin the mapping on a line of its own");
  }
  const mark = openAnchor(r, b.own.anchor);
  const node = readInline(r, code, indent, place, b);
  closeAnchor(r, b.own.anchor, node, mark);
  skipSpaces(r);
  if (!r.fresh && isIndicator(r, COLON)) return readFirstKey(r, place, b, node);
  if (b.outer === NO_PROPERTIES) return node;
  const both = joined(r, b.outer, b.own, b.at);
  if (code === 42) return misplaced(r, "an alias has properties", "move them to what it stands for");
  return node.kind === "scalar" && b.outer.tag !== undefined ? scalarOf(r, node.value, node.style, b.at, both) : node;
}

function misplaced(r: Reader, message: string, remedy: string): YamlNode {
  refuse(r, message, remedy);
  return emptyScalar(r, spotOf(r));
}

function skipSpaces(r: Reader): void {
  while (!r.fresh && (r.text.charCodeAt(r.pos) === SPACE || r.text.charCodeAt(r.pos) === TAB)) r.pos++;
}

/** A `:` follows: the node is the first key of a mapping that begins where it does. */
function readFirstKey(r: Reader, place: Place, b: Beginning, node: YamlNode): YamlNode {
  if (!b.wasFresh)
    return misplaced(r, "a second : stands on the line", "quote the value, or begin it on the next line");
  const key = keyOf(r, node, b.at, b.start, false);
  if (key === undefined) return node;
  return readBlockMapping(r, b.at.column - 1, b.at, { key, isMerge: isMergeKey(key, b.own) }, place === "root");
}

/** Scalars, aliases and flow collections: all but the first may be a key. */
function readInline(r: Reader, code: number, indent: number, place: Place, b: Beginning): YamlNode {
  const { at, own } = b;
  switch (code) {
    case 34:
    case 39:
      return scalarOf(r, readQuoted(r), code === 34 ? "double" : "single", at, own);
    case 91:
      return readFlowSequence(r, at);
    case 123:
      return readFlowMapping(r, at, place === "root");
    case 124:
    case 62: {
      const text = readBlockScalar(r, indent);
      return scalarOf(r, text, code === 124 ? "literal" : "folded", at, own);
    }
    case 42: {
      const name = own === NO_PROPERTIES ? readName(r) : undefined;
      if (name !== undefined) return expandAlias(r, name, at);
      break;
    }
    default:
      if (startsPlain(r, code)) return scalarOf(r, readPlain(r, indent + 1), "plain", at, own);
  }
  // A key can be nothing but an anchor or a tag.
  if (own === NO_PROPERTIES || !isIndicator(r, COLON)) refuseStart(r, code);
  return emptyScalar(r, at, own);
}

/** Reads `- …` items at a column; `indentless` when that is also the column of the key whose value the list is. */
function readBlockSequence(r: Reader, column: number, indentless: boolean): SequenceNode {
  const at = spotOf(r);
  const node: SequenceNode = { kind: "sequence", items: [], flow: false, line: at.line, column: at.column };
  if (!enter(r)) return node;
  r.nodes++;
  for (;;) {
    r.pos++;
    r.fresh = true;
    skipBlanks(r);
    node.items.push(asValue(r, readBlockNode(r, column, "item")));
    skipBlanks(r);
    if (atDocumentEnd(r) || columnOf(r) < column) break;
    if (columnOf(r) === column && isIndicator(r, DASH)) continue;
    if (!indentless || columnOf(r) > column)
      refuse(r, "a list item or a smaller indentation is expected", "align the list's items, or indent less");
    break;
  }
  r.depth--;
  return node;
}

interface FirstKey {
  readonly key: ScalarNode;
  readonly isMerge: boolean;
}

/** Reads `key: value` entries at a column; the position is on the `:` of the first key if there is one, else on `?`. */
function readBlockMapping(r: Reader, column: number, at: Spot, first: FirstKey | undefined, isRoot: boolean): YamlNode {
  const draft = draftMapping(at, false);
  if (!enter(r)) return draft.node;
  r.nodes++;
  if (first === undefined) readAskedEntry(r, column, draft);
  else readEntryValue(r, column, draft, first.key, first.isMerge);
  for (;;) {
    skipBlanks(r);
    if (atDocumentEnd(r) || columnOf(r) < column) break;
    if (columnOf(r) > column || !r.fresh) {
      refuse(r, "a key or a smaller indentation is expected", "align the keys of a mapping, or quote the value above");
      break;
    }
    if (isIndicator(r, QUESTION)) readAskedEntry(r, column, draft);
    else readEntry(r, column, draft);
  }
  r.depth--;
  return finishMapping(r, draft, isRoot);
}

function readEntry(r: Reader, column: number, draft: Draft): void {
  const at = spotOf(r);
  const start = r.pos;
  let own = NO_PROPERTIES;
  if (hasProperties(r)) {
    own = readProperties(r);
    if (r.line !== at.line) return refuse(r, "a key has no :", "add a colon and a value", at);
  }
  const code = r.text.charCodeAt(r.pos);
  if (isIndicator(r, DASH) || (isIndicator(r, COLON) && own === NO_PROPERTIES) || code === 124 || code === 62)
    return refuse(r, "a key is expected", "align the keys of a mapping");
  const mark = openAnchor(r, own.anchor);
  const node = readInline(r, code, column, "value", { at, start, wasFresh: true, own, outer: NO_PROPERTIES });
  closeAnchor(r, own.anchor, node, mark);
  skipSpaces(r);
  if (r.fresh || !isIndicator(r, COLON))
    return refuse(r, "a key has no :", "add a colon and a value, or indent the line", at);
  const key = keyOf(r, node, at, start, false);
  if (key !== undefined) readEntryValue(r, column, draft, key, isMergeKey(key, own));
}

/** The position is on the `:` of a key on the same line. */
function readEntryValue(r: Reader, column: number, draft: Draft, key: ScalarNode, isMerge: boolean): void {
  r.pos++;
  r.fresh = false;
  skipBlanks(r);
  addEntry(r, draft, key, isMerge, readBlockNode(r, column, "value"));
}

/** `? key`, then `: value` or nothing. */
function readAskedEntry(r: Reader, column: number, draft: Draft): void {
  const at = spotOf(r);
  r.pos++;
  r.fresh = true;
  skipBlanks(r);
  const node = readBlockNode(r, column, "value");
  const key = keyOf(r, node, at, r.pos, true);
  if (key === undefined) return;
  skipBlanks(r);
  const isMerge = key.explicitTag !== true && isMergeKey(key, NO_PROPERTIES);
  if (!atDocumentEnd(r) && columnOf(r) === column && isIndicator(r, COLON)) {
    r.pos++;
    r.fresh = true;
    skipBlanks(r);
    addEntry(r, draft, key, isMerge, readBlockNode(r, column, "value"));
  } else addEntry(r, draft, key, isMerge, emptyScalar(r, spotOf(r)));
}
