import fc from "fast-check";
import { Document, isCollection, isPair, isScalar, type Node, stringify, visit } from "yaml";
import type { Fields } from "./arbitrary-objects.ts";

/**
 * How files are written. kustomize keeps quotes, block styles, key order and comments, and reads them all back: two
 * writings of one value may well come out as two texts.
 */
export function style(): fc.Arbitrary<(value: Fields) => string> {
  return fc.oneof(
    { weight: 3, arbitrary: plainStyle() },
    { weight: 3, arbitrary: decorated() },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(0, 2)
        .map((indent) => (value: Fields) => `${JSON.stringify(value, undefined, indent)}\n`),
    },
  );
}

/** One style throughout. */
function plainStyle(): fc.Arbitrary<(value: Fields) => string> {
  const quotes = fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const, "QUOTE_SINGLE" as const);
  return fc
    .record({ indentSeq: fc.boolean(), defaultStringType: quotes })
    .map((given) => (value) => goYaml(stringify(value, { ...given, defaultKeyType: "PLAIN", lineWidth: 0 })));
}

/** What is done to one node, mostly nothing. */
const TOUCHES = ["above", "beside", "space", "flow", "single", "double", "literal", "folded", "anchor"] as const;

/** A style for each node of its own: comments, empty lines, quotes, flow collections, block scalars, anchors. */
function decorated(): fc.Arbitrary<(value: Fields) => string> {
  const touch = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...TOUCHES) },
  );
  const frame = fc.record({
    indentSeq: fc.boolean(),
    start: fc.constantFrom("", "---\n", "# a word before\n\n", "\n"),
    end: fc.constantFrom("", "# a word after\n", "...\n"),
    newline: fc.constantFrom("\n", "\n", "\n", "\r\n"),
  });
  return fc
    .tuple(frame, fc.array(touch, { minLength: 7, maxLength: 31 }))
    .map(([{ indentSeq, start, end, newline }, touches]) => (value) => {
      const document = new Document(value, { aliasDuplicateObjects: false });
      let count = 0;
      visit(document, {
        Node(key, node, path) {
          const above = path.at(-1);
          const isKey = key === "key" || (isPair(above) && above.key === node);
          decorate(node, isKey ? undefined : touches[count++ % touches.length], count);
        },
      });
      const text = goYaml(document.toString({ indentSeq, lineWidth: 0, flowCollectionPadding: false }));
      const joined = `${start}${text}${end}`;
      return newline === "\n" ? joined : joined.replaceAll("\n", newline);
    });
}

function decorate(node: Node, touch: (typeof TOUCHES)[number] | undefined, count: number): void {
  switch (touch) {
    case "above":
      node.commentBefore = ` above ${count}`;
      break;
    case "beside":
      node.comment = ` beside ${count}`;
      break;
    case "space":
      node.spaceBefore = true;
      break;
    case "flow":
      if (isCollection(node)) node.flow = true;
      break;
    case "anchor":
      node.anchor = `a${count}`;
      break;
    case "single":
    case "double":
    case "literal":
    case "folded":
      if (isScalar(node) && typeof node.value === "string") node.type = SCALARS[touch];
      break;
    case undefined:
      break;
  }
}

const SCALARS = {
  single: "QUOTE_SINGLE",
  double: "QUOTE_DOUBLE",
  literal: "BLOCK_LITERAL",
  folded: "BLOCK_FOLDED",
} as const;

/** An empty list right below its key, as the library writes it without indentation, is no YAML to Go. */
function goYaml(text: string): string {
  return text.replace(/:\n *\[\]$/gm, ": []");
}
