import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Pair,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from "yaml";
import { toJson } from "../yaml/index.ts";
import type { ScalarNode, YamlNode } from "../yaml/node.ts";
import { tagOf } from "../yaml/resolve.ts";
import { typeOf } from "./type-of.ts";

/**
 * A YAML text after a change: `root` is the text's content with the change made. Comments, the order of keys and the style
 * of scalars stay as they are written; indentation becomes kyaml's, and empty lines go.
 */
export function rewriteYaml(original: string, root: YamlNode): string {
  const document: Document = parseDocument(original, { version: "1.2", keepSourceTokens: false, uniqueKeys: false });
  document.contents = follow(document.contents, root);
  visit(document, {
    Node: (_, node) => {
      delete node.spaceBefore;
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key)) delete pair.key.spaceBefore;
    },
  });
  return withTags(document.toString(OPTIONS));
}

const OPTIONS = { indent: 2, indentSeq: false, lineWidth: 0, flowCollectionPadding: false } as const;

/** Brings what was written in line with what it says now. */
function follow(written: Node | null, now: YamlNode): Node {
  if (now.kind === "mapping" && isMap(written)) {
    for (const { key, value } of now.entries) {
      const pair = written.items.find((candidate) => isScalar(candidate.key) && keyText(candidate.key) === key.value);
      if (pair === undefined) written.items.push(new Pair(scalarNode(key), made(value)));
      else pair.value = follow(pair.value as Node | null, value);
    }
    return written;
  }
  if (now.kind === "sequence" && isSeq(written)) {
    written.items = now.items.map((item, index) => follow((written.items[index] as Node | undefined) ?? null, item));
    return written;
  }
  if (now.kind === "scalar" && isScalar(written)) {
    if (keyText(written) === now.value) return written;
    const fresh = scalarNode(now);
    if (written.type !== undefined) fresh.type = written.type;
    if (written.comment != null) fresh.comment = written.comment;
    return fresh;
  }
  return made(now);
}

function keyText(scalar: Scalar): string {
  return scalar.source ?? String(scalar.value);
}

function made(node: YamlNode): Node {
  if (node.kind === "scalar") return scalarNode(node);
  if (node.kind === "sequence") {
    const list = new YAMLSeq();
    list.items = node.items.map(made);
    return list;
  }
  const map = new YAMLMap();
  map.items = node.entries.map(({ key, value }) => new Pair(scalarNode(key), made(value)));
  return map;
}

function scalarNode(node: ScalarNode): Scalar {
  const tag = tagOf(node);
  if (tag !== "!!str" && typeOf(node.value) !== tag) return mistyped(node);
  const scalar = new Scalar(tag === "!!str" ? node.value : toJson(node, "kyaml"));
  if (node.style === "double") scalar.type = "QUOTE_DOUBLE";
  if (node.style === "single") scalar.type = "QUOTE_SINGLE";
  return scalar;
}

/** A value that is not of the type that it has to have: YAML can say so with a tag, which the library would not write. */
function mistyped(node: ScalarNode): Scalar {
  return new Scalar(`${MARK}${node.tag.slice(2)}-${Buffer.from(node.value).toString("hex")}-`);
}

const MARK = "mistyped-5f3a-";
const MARKED = new RegExp(`${MARK}(\\w+)-([0-9a-f]*)-`, "g");

function withTags(text: string): string {
  return text.replace(MARKED, (_, type: string, hex: string) => {
    const value = Buffer.from(hex, "hex").toString("utf8");
    return `!!${type} ${value.includes("\n") ? JSON.stringify(value) : value}`;
  });
}
