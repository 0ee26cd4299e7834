/**
 * A YAML value as go-yaml v3 (and so kyaml) models it: what it says, how it was written, and where. Nodes are plain
 * mutable data; whoever changes one owns a clone. Anchors and aliases are resolved when a document is read; comments are
 * not kept, as no build prints them.
 */
export type YamlNode = ScalarNode | MappingNode | SequenceNode;

export type ScalarTag = "!!str" | "!!int" | "!!float" | "!!bool" | "!!null" | "!!binary" | "!!timestamp";
export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded";

interface Placed {
  /** Counts from 1; 0 for a node that was not read from a file. */
  line: number;
  column: number;
}

export interface ScalarNode extends Placed {
  kind: "scalar";
  /** What the text means in kyaml's reading; the Kubernetes reading is decided in `toJson`. */
  tag: ScalarTag;
  /** The text after unquoting and folding. */
  value: string;
  style: ScalarStyle;
  /** True when the document states the tag. */
  explicitTag?: boolean;
  /**
   * True for a text that was set without a type, as kyaml sets names: a string while the build goes on (its tag is
   * `!!str`), and once it is written whatever it looks like, unless its style says otherwise (`tagOf`).
   */
  untyped?: boolean;
}

export interface MappingNode extends Placed {
  kind: "mapping";
  entries: MappingEntry[];
  flow: boolean;
}

export interface MappingEntry {
  key: ScalarNode;
  value: YamlNode;
}

export interface SequenceNode extends Placed {
  kind: "sequence";
  items: YamlNode[];
  flow: boolean;
}

/** A copy that shares nothing with the original. */
export function cloneNode<N extends YamlNode>(node: N): N;
export function cloneNode(node: YamlNode): YamlNode {
  const { line, column } = node;
  switch (node.kind) {
    case "scalar": {
      const { tag, value, style } = node;
      const copy: ScalarNode = { kind: "scalar", tag, value, style, line, column };
      if (node.explicitTag !== undefined) copy.explicitTag = node.explicitTag;
      if (node.untyped !== undefined) copy.untyped = node.untyped;
      return copy;
    }
    case "mapping": {
      const entries = node.entries.map(({ key, value }) => ({ key: cloneNode(key), value: cloneNode(value) }));
      return { kind: "mapping", entries, flow: node.flow, line, column };
    }
    case "sequence":
      return { kind: "sequence", items: node.items.map((item) => cloneNode(item)), flow: node.flow, line, column };
  }
}
