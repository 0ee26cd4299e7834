import { describe, expect, test } from "vitest";
import { fromJson, parseYaml, writeJson, writeYaml } from "../../../src/kustomize/yaml/index.ts";
import type { Json } from "../../../src/model/index.ts";

/** How one value is written, as the only item of a list. */
function item(value: Json): string {
  return writeJson([[value]]).replace(/^- /, "");
}

const words = "lorem ipsum dolor sit amet consectetur ";

describe("writeYaml", () => {
  test("sorts keys, indents by two, and leaves lists at the column of their key", () => {
    const text = "b: 1 # gone\na: {d: [], c: {}}\nC:\n  - [1, [2]]\n  - y: [true]\n    x:\n";
    const result = parseYaml(text, { path: "a.yaml", mode: "kyaml" });
    const roots = result.ok ? result.value.flatMap(({ root }) => root ?? []) : [];
    expect(writeYaml(roots)).toBe(
      'C:\n- - 1\n  - - 2\n- x: ""\n  "y":\n  - true\na:\n  c: {}\n  d: []\nb: 1\n'.replace('x: ""', "x: null"),
    );
  });

  test("joins documents with ---", () => {
    expect(writeYaml([fromJson({ a: 1 }), fromJson({ b: 2 })])).toBe("a: 1\n---\nb: 2\n");
    expect(writeYaml([])).toBe("");
  });

  test("orders letters after everything else and digits by their number", () => {
    const keys = ["a10", "a2", "a", "a-b", "_", "é", "B", "a01"];
    expect(writeJson([Object.fromEntries(keys.map((key) => [key, 1]))])).toBe(
      "_: 1\nB: 1\na: 1\na-b: 1\na01: 1\na2: 1\na10: 1\né: 1\n",
    );
  });

  test.each([
    ['""', ""],
    ['"yes"', "yes"],
    ['"~"', "~"],
    ['"1.0"', "1.0"],
    ['".1_0"', ".1_0"],
    ['"12:30"', "12:30"],
    ['"2024-01-01"', "2024-01-01"],
    ["<<", "<<"],
    ["100m", "100m"],
    ["'a: b'", "a: b"],
    ["a:b", "a:b"],
    ["'a #b'", "a #b"],
    ["'- a'", "- a"],
    ["-a", "-a"],
    ["'*a'", "*a"],
    ["a]", "a]"],
    ["'''a'", "'a"],
    ["it's", "it's"],
    ["' a'", " a"],
    ['"a\\tb"', "a\tb"],
    ["漢", "漢"],
    ['"\\U0001F600"', "😀"],
    ['"\\0"', "\0"],
    ["'\u2028'", "\u2028"],
    ["'---'", "---"],
    ["|-\n  a\n  b", "a\nb"],
    ["|\n  a", "a\n"],
    ["|+\n  a\n", "a\n\n"],
    ["|2+\n", "\n"],
    ["|2\n   a\n  b", " a\nb\n"],
    ['"a \\nb"', "a \nb"],
    ['"\\ta\\n"', "\ta\n"],
  ])("%s", (text, value) => {
    expect(item(value)).toBe(`${text}\n`);
  });

  test.each<[string, Json]>([
    ["null", null],
    ["true", true],
    ["0", -0],
    ["9007199254740993", 9007199254740993n],
    ["18446744073709551615", 18446744073709551615n],
    ["1000000", 1e6],
    ["1.2345675e+06", 1234567.5],
    ["1e+20", 1e20],
    ["1e+21", 1e21],
    ["1e-05", 0.00001],
    ["0.0001", 0.0001],
  ])("%s is a number or a word", (text, value) => {
    expect(item(value)).toBe(`${text}\n`);
  });

  test("folds at a blank after column 80", () => {
    const text = `${words}${words}${words}end`;
    expect(writeJson([{ plain: text, quoted: `# ${text}`, escaped: `\t${words}${words}  ${words}` }])).toBe(
      [
        'escaped: "\\tlorem ipsum dolor sit amet consectetur lorem ipsum dolor sit amet consectetur',
        '  \\  lorem ipsum dolor sit amet consectetur "',
        "plain: lorem ipsum dolor sit amet consectetur lorem ipsum dolor sit amet consectetur",
        "  lorem ipsum dolor sit amet consectetur end",
        "quoted: '# lorem ipsum dolor sit amet consectetur lorem ipsum dolor sit amet consectetur",
        "  lorem ipsum dolor sit amet consectetur end'",
        "",
      ].join("\n"),
    );
  });

  test("asks for keys of more than 128 bytes and of more than one line", () => {
    const [fits, long] = ["k".repeat(128), "k".repeat(129)];
    expect(writeJson([{ "a\nb": [1, { c: 2 }], [fits]: 1, [long]: { a: 1 } }])).toBe(
      `? |-\n  a\n  b\n: - 1\n  - c: 2\n${fits}: 1\n? ${long}\n: a: 1\n`,
    );
  });
});
