import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromJson, parseYaml, toJson, writeJson, writeYaml, type YamlNode } from "../../../src/kustomize/yaml/index.ts";
import { type Json, jsonText } from "../../../src/model/index.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom("a", "1", ".", ":", " ", "-", "#", "'", '"', "\n", "\t", "\\", "[", "}", "é", "\u2028"),
  }),
  fc.constantFrom(
    "yes",
    "null",
    "0x1F",
    "1e3",
    "2024-01-01",
    "12:30",
    "<<",
    "__proto__",
    "lorem ipsum dolor ".repeat(9),
  ),
);

/** Integers that a 64-bit integer holds and a double does not are read as bigints. */
function isExactInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) >= 2 ** 53 && Math.abs(value) <= 2 ** 64;
}

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (isExactInteger(value) ? 0.5 : value + 0)),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map((fields) => {
      const object: Record<string, Json> = Object.create(null);
      for (const [key, field] of fields) object[key] = field;
      return object;
    }),
  ),
}));

function rootsOf(yaml: string): readonly YamlNode[] {
  const result = parseYaml(yaml, { path: "a.yaml", mode: "kyaml" });
  if (!result.ok) throw new Error(JSON.stringify(result.failures));
  return result.value.flatMap(({ root }) => root ?? []);
}

describe("laws", () => {
  test("what is written reads as the value it was written from", () => {
    fc.assert(
      fc.property(value, (json) => {
        const [root] = rootsOf(writeJson([{ json }]));
        expect(root === undefined ? undefined : toJson(root, "kyaml")).toEqual({ json });
        expect(root === undefined ? undefined : toJson(root, "kubernetes")).toEqual({ json });
      }),
    );
  });

  test("writing is stable: read again, it is written the same", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
        const once = writeYaml(values.map((json) => fromJson({ json })));
        expect(writeYaml(rootsOf(once))).toBe(once);
      }),
    );
  });

  test("JSON is YAML, in both readings", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const mode of ["kyaml", "kubernetes"] as const) {
          const result = parseYaml(JSON.stringify({ json }), { path: "a.json", mode });
          const root = result.ok ? result.value[0]?.root : undefined;
          expect(root === undefined ? undefined : jsonText(toJson(root, mode))).toBe(jsonText({ json: json as Json }));
        }
      }),
    );
  });

  const hostile = fc.array(
    fc.constantFrom(
      ..."&*!|>'\"%@`[]{},:?-#~<=\\ \t\n\r\u2028\ufeff\0aé0".split(""),
      "\n  ",
      "\n- ",
      ": ",
      "---\n",
      "...\n",
      "%TAG ! x\n",
      "&a ",
      "*a ",
      "<<: ",
      "!!int ",
      "|2-\n",
      ">+\n",
      "\ud800",
    ),
    { maxLength: 60 },
  );

  test("no text throws, and a failure says where and what to do", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom("kyaml" as const, "kubernetes" as const), (parts, mode) => {
        const result = parseYaml(parts.join(""), { path: "a.yaml", mode });
        if (result.ok) {
          for (const { root } of result.value) if (root !== undefined) writeJson([toJson(root, mode)]);
          return;
        }
        for (const { at, message, remedy } of result.failures) {
          expect(at?.line).toBeGreaterThan(0);
          expect(at?.column).toBeGreaterThan(0);
          expect(`${message}${remedy}`).not.toMatch(/\n/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    "[",
    "- ",
    "? ",
    "&a ",
    "!a ",
    '"',
    "'",
    "a: |\n ",
    "a\n ",
    "\n",
    "---\n",
    "%a\n",
    "# \n",
    "{a: ",
    "x\u2028",
    "  \t",
  ])("half a million characters of %j end", (part) => {
    for (const mode of ["kyaml", "kubernetes"] as const) {
      const result = parseYaml(part.repeat(Math.ceil(500_000 / part.length)), { path: "a.yaml", mode });
      expect(typeof result.ok).toBe("boolean");
    }
  });
});
