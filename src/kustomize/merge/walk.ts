import { overwrite } from "../fields.ts";
import { fieldType, kindType, mergesItems, type SchemaType } from "../schema/index.ts";
import type { MappingEntry, MappingNode, SequenceNode, YamlNode } from "../yaml/node.ts";
import { type Directive, takeListDirective, takeMapDirective, type UnknownDirective } from "./directive.ts";
import { readsAsOther } from "./legacy-words.ts";
import { mergeItems } from "./list.ts";
import { type Merging, placeOf } from "./merging.ts";
import { fieldOf, isNull, restyle, textOf, WORDS } from "./nodes.ts";

/**
 * Merges `patch` into `dest` and answers what stands there then; undefined means that the place is to be cleared. Both are
 * changed and parts of `patch` end up in the result, so the caller owns them. A part that only the patch has is merged
 * with itself, which settles the nulls and directives inside.
 *
 * Without a patch, `dest` is merged with nothing: kyaml then still drops fields that say nothing after the colon, and
 * brings lists with merge keys into order.
 */
export function mergeNode(
  at: Merging,
  dest: YamlNode | undefined,
  patch: YamlNode | undefined,
  type: SchemaType | undefined,
): YamlNode | undefined {
  const kind = isNull(dest) ? (isNull(patch) ? undefined : patch?.kind) : dest?.kind;
  if (kind === undefined) return isNull(dest) && patch === undefined ? keptNull(dest) : patch;
  if (dest !== undefined && patch !== undefined && dest.kind !== patch.kind && !isNull(dest) && !isNull(patch)) {
    at.problem ??= {
      message: `the patch has a ${WORDS[patch.kind]} where the object has a ${WORDS[dest.kind]}, at ${placeOf(at)}`,
      remedy: `write a ${WORDS[dest.kind]} there, or remove the old value first with $patch: replace`,
      node: patch,
    };
    return dest;
  }
  if (kind === "scalar") {
    return patch ?? dest;
  }
  return kind === "mapping"
    ? mergeMap(at, mapOrNull(dest), mapOrNull(patch), type)
    : mergeList(at, listOrNull(dest), listOrNull(patch), type);
}

/** A field with nothing after its colon is dropped; one that says `null` is meant. */
function keptNull(dest: YamlNode | undefined): YamlNode | undefined {
  if (dest?.kind !== "scalar" || dest.value === "") return undefined;
  return { kind: "scalar", tag: "!!null", value: dest.value, style: "plain", line: dest.line, column: dest.column };
}

const NULL = "null";
type OrNull<Node extends YamlNode> = Node | typeof NULL | undefined;

function mapOrNull(node: YamlNode | undefined): OrNull<MappingNode> {
  return node === undefined || node.kind === "mapping" ? node : NULL;
}

function listOrNull(node: YamlNode | undefined): OrNull<SequenceNode> {
  return node === undefined || node.kind === "sequence" ? node : NULL;
}

function mergeMap(
  at: Merging,
  dest: OrNull<MappingNode>,
  patch: OrNull<MappingNode>,
  type: SchemaType | undefined,
): YamlNode | undefined {
  if (patch === NULL) return undefined;
  if (dest === undefined || dest === NULL) {
    if (patch === undefined || takeMapDirective(patch) === "delete") return undefined;
    return mergeFields(at, patch, patch, type ?? typeByKind(at, patch, undefined));
  }
  if (patch === undefined) return mergeFields(at, dest, undefined, type ?? typeByKind(at, dest, undefined));
  const known = type ?? typeByKind(at, dest, patch); // before a directive is acted on: the kind may stand on either side
  if (dest.entries.length === 0) dest.flow = patch.flow;
  const directive = takeMapDirective(patch);
  if (refused(at, directive, patch) || directive === "delete") return undefined;
  return directive === "replace" ? mergeFields(at, patch, patch, known) : mergeFields(at, dest, patch, known);
}

/** The type of something that has a kind of its own, wherever it stands. */
function typeByKind(at: Merging, dest: MappingNode, patch: MappingNode | undefined): SchemaType | undefined {
  for (const node of [dest, patch]) {
    const [apiVersion, kind] = [fieldOf(node, "apiVersion"), fieldOf(node, "kind")];
    if (apiVersion === undefined || kind === undefined) continue;
    const type = kindType(at.schema, textOf(apiVersion), textOf(kind));
    if (type !== undefined) return type;
  }
  return undefined;
}

function mergeFields(
  at: Merging,
  dest: MappingNode,
  patch: MappingNode | undefined,
  type: SchemaType | undefined,
): MappingNode {
  const own = dest === patch;
  const theirs = own || patch === undefined ? undefined : valuesByName(patch);
  const added = own || patch === undefined ? NONE : entriesBeyond(patch, dest);
  let kept = 0;
  for (const entry of dest.entries) {
    const name = entry.key.value;
    const value = mergeField(at, name, entry.value, own ? entry.value : theirs?.(name), type);
    if (value === undefined) continue;
    if (value !== entry.value) {
      restyle(value, entry.value);
      overwrite(entry.value, value);
    }
    dest.entries[kept++] = entry;
  }
  dest.entries.length = kept;
  for (const { key, value: fresh } of added) {
    const value = mergeField(at, key.value, undefined, fresh, type);
    if (value === undefined) continue;
    dest.entries.push({ key: { ...key }, value });
  }
  return dest;
}

function mergeField(
  at: Merging,
  name: string,
  dest: YamlNode | undefined,
  patch: YamlNode | undefined,
  type: SchemaType | undefined,
): YamlNode | undefined {
  at.path.push(name);
  const value = mergeNode(at, dest, patch, type === undefined ? undefined : fieldType(at.schema, type, name));
  at.path.pop();
  if (value?.kind === "scalar" && value.tag === "!!str" && value.style === "plain" && readsAsOther(value.value))
    value.style = "double"; // and so it makes text of whatever takes its place: merging keeps the style
  return patch !== undefined && isNull(value) ? undefined : value;
}

function mergeList(
  at: Merging,
  dest: OrNull<SequenceNode>,
  patch: OrNull<SequenceNode>,
  type: SchemaType | undefined,
): YamlNode | undefined {
  if (patch === NULL) return undefined;
  const has = dest !== undefined && dest !== NULL;
  if (has && patch !== undefined) {
    if (dest.items.length === 0) dest.flow = patch.flow;
  }
  if (type === undefined || !mergesItems(type)) return patch ?? (has ? dest : undefined);
  if (!has) return patch === undefined ? undefined : mergeItems(at, patch, patch, type);
  if (patch === undefined) return mergeItems(at, dest, undefined, type);
  const directive = takeListDirective(patch);
  if (refused(at, directive, patch) || directive === "delete") return undefined;
  return directive === "replace" ? mergeItems(at, patch, patch, type) : mergeItems(at, dest, patch, type);
}

function refused(at: Merging, directive: Directive | UnknownDirective, node: YamlNode): directive is UnknownDirective {
  if (typeof directive === "string") return false;
  at.problem ??= {
    message: `unknown patch directive "${directive.text}" at ${placeOf(at)}`,
    remedy: "$patch may be merge, replace or delete",
    node,
  };
  return true;
}

const NONE: readonly MappingEntry[] = [];
const LARGE = 16;

/** Large maps are looked up by an index, small ones by looking. */
function valuesByName(node: MappingNode): (name: string) => YamlNode | undefined {
  if (node.entries.length < LARGE) return (name) => fieldOf(node, name);
  const values = new Map(node.entries.map((entry) => [entry.key.value, entry.value]));
  return (name) => values.get(name);
}

/** The fields that only the patch has, sorted by name: so they come into the object. */
function entriesBeyond(patch: MappingNode, dest: MappingNode): readonly MappingEntry[] {
  const known = dest.entries.length < LARGE ? undefined : new Set(dest.entries.map((entry) => entry.key.value));
  const beyond = patch.entries.filter(({ key }) =>
    known === undefined ? fieldOf(dest, key.value) === undefined : !known.has(key.value),
  );
  return beyond.length < 2 ? beyond : beyond.sort((a, b) => (a.key.value < b.key.value ? -1 : 1));
}
