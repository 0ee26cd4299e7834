import { describe, expect, test } from "vitest";
import { cloneNode, parseYaml, toJson, type YamlLimits, type YamlMode } from "../../../src/kustomize/yaml/index.ts";

/** The values of all documents (undefined for one without content), or the failure as `line:column code message`. */
function read(text: string | Uint8Array, mode: YamlMode = "kyaml", limits: Partial<YamlLimits> = {}): unknown {
  const result = parseYaml(text, { path: "a.yaml", mode, limits });
  if (result.ok) return result.value.map(({ root }) => (root === undefined ? undefined : toJson(root, mode)));
  const [failure] = result.failures;
  return `${failure?.at?.line}:${failure?.at?.column} ${failure?.code} ${failure?.message}`;
}

const both = ["kyaml", "kubernetes"] as const;

describe("the two readings", () => {
  test.each([
    ["yes", "yes", true],
    ["Off", "Off", false],
    ["y", "y", true],
    ["true", true, true],
    ["~", null, null],
    ["", null, null],
    ["010", 8, 8],
    ["0o10", 8, 8],
    ["0x_1F", 31, 31],
    ["-0b11", -3, -3],
    ["08", 8, 8],
    ["1_000", 1000, 1000],
    [".5", 0.5, 0.5],
    [".1_0", 0.1, 0.1],
    ["._1", "._1", "._1"],
    ["1e3", 1000, 1000],
    ["1e400", "1e400", "1e400"],
    ["22:22", "22:22", "22:22"],
    ["100m", "100m", "100m"],
    ["9007199254740993", 9007199254740993n, 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n, -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n, 18446744073709551615n],
    ["18446744073709551616", 18446744073709551616, 18446744073709551616],
    ["2024-1-2", "2024-01-02T00:00:00Z", "2024-1-2"],
    ["2024-02-30", "2024-02-30", "2024-02-30"],
    ["2024-01-02t3:4:5.600+01:00", "2024-01-02T03:04:05.6+01:00", "2024-01-02t3:4:5.600+01:00"],
    ["[2024-01-02T03:04:05.600Z]", ["2024-01-02T03:04:05.600Z"], ["2024-01-02T03:04:05.600Z"]],
    ["!!str 1", "1", "1"],
    ["!!float 3", 3, 3],
    ["!!binary aGVsbG8=", "hello", "hello"],
    ["!mine 1", "1", "1"],
    ["! 1", 1, "1"],
    ["{a, b: }", { a: "", b: "" }, { a: null, b: null }],
    ["<<", "<<", "<<"],
  ])("%s", (text, kyaml, kubernetes) => {
    expect(read(`k: ${text}\n`, "kyaml")).toEqual([{ k: kyaml }]);
    expect(read(`k: ${text}\n`, "kubernetes")).toEqual([{ k: kubernetes }]);
  });

  test("keys are canonical text to Kubernetes; kyaml takes only strings below the first level", () => {
    const text = "010: a\nyes: b\n1e3: c\n.inf: d\n";
    expect(read(text, "kubernetes")).toEqual([{ "8": "a", true: "b", "1000": "c", ".inf": "d" }]);
    expect(read(text, "kyaml")).toEqual([{ "010": "a", yes: "b", "1e3": "c", ".inf": "d" }]);
    expect(read("x:\n  1: a\n", "kyaml")).toBe("2:3 build/malformed-yaml the key 1 reads as int, not as a string");
    expect(read("null: a\n", "kubernetes")).toBe("1:1 build/malformed-yaml the key null cannot be a name");
  });

  test("duplicate keys are refused by kyaml, with both places; to Kubernetes the last one wins", () => {
    const text = "a: 1\nb: 2\n\na: 3\n";
    expect(read(text, "kyaml")).toBe('4:1 build/duplicate-key the key "a" is already set on line 1, column 1');
    expect(read(text, "kubernetes")).toEqual([{ a: 3, b: 2 }]);
    expect(read('x: {"1": a, 1: b}\n', "kyaml")).toMatch(/^1:13 build\/duplicate-key/);
  });

  test("merges: own fields win in kyaml, what stands last wins in Kubernetes", () => {
    const text = "b: &b {p: 1, q: 2}\nd: &d {p: 3, r: 4}\nc:\n  q: 9\n  <<: [*b, *d]\n";
    expect(read(text, "kyaml")).toMatchObject([{ c: { q: 9, p: 1, r: 4 } }]);
    expect(read(text, "kubernetes")).toMatchObject([{ c: { q: 2, p: 1, r: 4 } }]);
    expect(read("c:\n  <<: 3\n")).toMatch(/^2:3 build\/malformed-yaml/);
  });

  test("a folded text is what go-yaml makes of it when it writes and reads it again", () => {
    const text = "a: >\n  x\n  y\n\n  z\n   w\n";
    expect(read(text, "kubernetes")).toEqual([{ a: "x y\nz\n w\n" }]);
    expect(read(text, "kyaml")).toEqual([{ a: "x y\nz\n\n w\n" }]);
  });
});

describe.each(both)("structure in %s", (mode) => {
  test.each([
    [
      "lists may stand at their key's column",
      "a:\n- 1\n- - 2\n  - 3\nb:\n  - c: 4\n    d: 5\n",
      { a: [1, [2, 3]], b: [{ c: 4, d: 5 }] },
    ],
    ["absent values are null", "a:\nb: \n- \n", { a: null, b: [null] }],
    ["JSON is YAML", '{"a":[1,{"b":"\\u00e9"}],"c":{}}', { a: [1, { b: "é" }], c: {} }],
    [
      "flow collections span lines",
      "a: [1,\n  {b: 2, # c\n   c: [x y,\n 'z']},\n]\n",
      { a: [1, { b: 2, c: ["x y", "z"] }] },
    ],
    ["pairs in a list are mappings", "a: [b: c, d]\n", { a: [{ b: "c" }, "d"] }],
    [
      "plain and quoted texts fold",
      "a: x\n  y\n\n  z\nb: \"x\n\n  y\\\n   z\"\nc: 'it''s\n  me'\n",
      { a: "x y\nz", b: "x\nyz", c: "it's me" },
    ],
    ["blocks keep, clip and strip", "a: |+\n  x\n\nb: |\n  x\n\nc: |-\n  x\n\n", { a: "x\n\n", b: "x\n", c: "x" }],
    ["blocks with an indentation of their own", "a: |2\n    x\n   y\nb:\n- |1\n  z\n", { a: "  x\n y\n", b: [" z\n"] }],
    ["hashes and colons inside words", "a: x#y:z # c\nb: http://x:80/y\n", { a: "x#y:z", b: "http://x:80/y" }],
    [
      "carriage returns and other breaks",
      "a: 1\r\nb: |\r\n  x\r\n  y\rc: 2\u0085d: 3\n",
      { a: 1, b: "x\ny\n", c: 2, d: 3 },
    ],
    ["a byte order mark and a tab after the colon", "\ufeffa:\t1\n", { a: 1 }],
    [
      "anchors on their own line",
      "a: &x !!str\n  1\nb: &y\n  k: v\nc: [*x, *y]\n",
      { a: "1", b: { k: "v" }, c: ["1", { k: "v" }] },
    ],
    ["keys that are asked for", "? a\n: 1\n? |\n  b\n: - 2\n? c\n", { a: 1, "b\n": [2], c: null }],
    [
      "names that objects have anyway",
      "__proto__: {x: 1}\nconstructor: 2\n",
      JSON.parse('{"__proto__":{"x":1},"constructor":2}'),
    ],
  ])("%s", (_, text, value) => {
    expect(JSON.stringify(read(text, mode))).toBe(JSON.stringify([value]));
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test.each([
    ["a:\n  - 1\n - 2\n", "3:2", "a key or a smaller indentation is expected"],
    ["a:\n\tb: 1\n", "2:1", "a tab is used as indentation"],
    ["a: b: c\n", "1:5", "a second : stands on the line"],
    ["a: - b\n", "1:4", "a list item begins in the middle of a line"],
    ["a: 1\nb\n", "2:1", "a key has no :"],
    ["a: [1, 2\n", "1:4", "[ is not closed"],
    ["a: {b: c d: e}\n", "1:11", "a comma or } is missing"],
    ['x: 1\na: "b\n', "2:4", "a double-quoted text is not closed"],
    ['a: "\\/"\n', "1:5", "\\/ is no escape sequence"],
    ["a: {{ .x }}\n", "1:5", "a mapping is used as a key"],
    ["a: @b\n", "1:4", "no value can begin with @ here"],
    ["a: .inf\n", "1:4", ".inf is a number that JSON does not have"],
    ["a: !!int x\n", "1:4", "the text is tagged !!int and is no int"],
    ["a: *b\n", "1:4", "the alias *b has no anchor"],
    ["a: &b\n  c: *b\n", "2:6", "the anchor &b holds itself"],
    ["a: 1\nb: \x07\n", "2:4", "a control character stands in the text"],
    ["  a: 1\nb: 2\n", "2:1", "the document ended before this line"],
    ["%YAML 1.2\n---\na: 1\n", "1:1", "only YAML 1.1 can be declared"],
  ])("%j is refused at %s", (text, place, message) => {
    expect(read(text, mode)).toBe(`${place} build/malformed-yaml ${message}`);
  });
});

describe("streams", () => {
  test.each(both)("every document has its place (%s)", (mode) => {
    const text = "# first\na: 1\n---\n# nothing\n---\n---\nb: 2\n";
    const result = parseYaml(text, { path: "a.yaml", mode });
    const documents = result.ok ? result.value : [];
    const seen = documents.map(({ root, line }) => [line, root === undefined ? undefined : toJson(root, mode)]);
    expect(seen.filter(([, value]) => value !== undefined)).toEqual([
      [2, { a: 1 }],
      [6, { b: 2 }],
    ]);
    expect(documents.at(-1)?.root).toMatchObject({ line: 7, column: 1 });
  });

  test("text without content is no document", () => {
    expect(read("")).toEqual([]);
    expect(read("# only\n\n# comments\n")).toEqual([]);
  });

  test("kyaml takes a separator with text for a mistake", () => {
    expect(read("a: 1\n--- b\nc: 2\n")).toBe("2:4 build/malformed-yaml the separator --- is followed by b");
    expect(read("a: 1\n--- # b\nc: 2\n")).toEqual([{ a: 1 }, { c: 2 }]);
  });
});

describe("bytes", () => {
  test("are UTF-8, with or without a byte order mark", () => {
    expect(read(Buffer.from("\ufeffa: é\ufffd\n"))).toEqual([{ a: "é\ufffd" }]);
    expect(read(Buffer.from("a: 1\nb: x\xff\n", "latin1"))).toBe("2:5 build/malformed-yaml the file is not UTF-8");
  });
});

describe("limits", () => {
  const nine = (name: string): string => Array.from({ length: 9 }, () => name).join(",");
  const bomb = ["a: &a [x]", "b: &b [*a]", "c: &c [*b]", "d: &d [*c]", "e: &e [*d]", "f: &f [*e]", "g: [*f]"].map(
    (line) => line.replace(/\[(.*)\]/, (_, name: string) => `[${nine(name)}]`),
  );

  test.each(both)("D3 what grows without bound is refused (%s)", (mode) => {
    expect(read(bomb.join("\n"), mode)).toMatch(/^\d+:\d+ build\/too-large aliases make up/);
    expect(read("[".repeat(100_000), mode)).toMatch(/build\/too-large more than 500 collections/);
    expect(read("- ".repeat(100_000), mode)).toMatch(/build\/too-large more than 500 collections/);
    expect(read("? ".repeat(100_000), mode)).toMatch(/build\/too-large more than 500 collections/);
    expect(read("a: 1\n", mode, { length: 4 })).toMatch(/build\/too-large the file has 5 characters/);
    expect(read("[1, 2, 3]", mode, { nodes: 3 })).toMatch(/build\/too-large more than 3 nodes/);
  });

  test("aliases count by the depth of what they stand for", () => {
    const text = "a: &a [[[1]]]\nb: [[*a]]\n";
    expect(read(text, "kyaml", { depth: 6 })).toEqual([{ a: [[[1]]], b: [[[[[1]]]]] }]);
    expect(read(text, "kyaml", { depth: 5 })).toMatch(/build\/too-large more than 5 collections/);
  });
});

test("a clone shares nothing", () => {
  const result = parseYaml("a: [1, {b: 2}]\n", { path: "a.yaml", mode: "kyaml" });
  const root = result.ok ? result.value[0]?.root : undefined;
  if (root?.kind !== "mapping") throw new Error("expected a mapping");
  const copy = cloneNode(root);
  expect(copy).toEqual(root);
  copy.entries.length = 0;
  expect(toJson(root, "kyaml")).toEqual({ a: [1, { b: 2 }] });
});
