import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson, writeJson } from "../../src/cluster/json-exact.ts";
import type { Json } from "../../src/model/index.ts";

describe("JSON without loss", () => {
  test.each([
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["9007199254740991", 9007199254740991],
    ["1e300", 1e300],
    ["1234567890123456.5", 1234567890123456.5],
    ['"9007199254740993"', "9007199254740993"],
    ['"a\\"9007199254740993,"', 'a"9007199254740993,'],
    ['{"a":[ 9007199254740993 ],"9007199254740993":1}', { a: [9007199254740993n], "9007199254740993": 1 }],
  ])("%s", (text, value) => {
    expect(readJson(text)).toEqual(value);
  });

  test("what is written is read back the same", () => {
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.bigInt().filter((one) => !Number.isSafeInteger(Number(one))),
        fc.string({ unit: "binary" }),
        fc.bigInt().map(String),
        fc.array(tie("value") as fc.Arbitrary<Json>),
        fc.dictionary(
          fc.string().filter((key) => key !== "__proto__"),
          tie("value") as fc.Arbitrary<Json>,
          { noNullPrototype: true },
        ),
      ) as fc.Arbitrary<Json>,
    }));
    fc.assert(
      fc.property(value, (json) => {
        expect(readJson(writeJson(json))).toEqual(json);
      }),
    );
  });

  test("text that is no JSON throws", () => {
    expect(() => readJson('{"a": 9007199254740993')).toThrow(SyntaxError);
  });
});
