import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabelSelector, selectsLabels } from "../../../src/kustomize/patch/label-selector.ts";
import { partMatcher, wholeMatcher } from "../../../src/kustomize/patch/pattern.ts";

function matches(pattern: string, text: string): boolean | string {
  const matcher = wholeMatcher(pattern);
  return typeof matcher === "function" ? matcher(text) : matcher.problem;
}

describe("a pattern, as Go reads it", () => {
  test.each([
    ["web", "web", true],
    ["web", "web-2", false],
    ["web.*", "web-2", true],
    ["a|b", "b", true],
    ["a|b", "ab", false],
    ["^web$", "web", true],
    ["(?i)WEB", "web", true],
    ["[[:alpha:]]+[[:digit:]]", "web1", true],
    ["[^[:space:]]+", "a b", false],
    ["[]a]+", "]a", true],
    ["\\pL+", "é", true],
    ["\\p{Greek}+", "α", true],
    ["\\Qa.b\\E", "axb", false],
    ["\\Qa.b\\E", "a.b", true],
    ["a{2,3}", "aaa", true],
    ["a{x", "a{x", true],
    ["(?P<name>a)b", "ab", true],
    ["\\Aweb\\z", "web", true],
    ["web\\-1", "web-1", true],
    ["[\\w\\-.]+", "a-b.c", true],
    ["a.b", "a\u2028b", true],
    ["a.b", "a\nb", false],
    ["\\x61\\x{62}", "ab", true],
    ["\\s", "\u00a0", false],
    ["&&~", "&&~", true],
    ["[&~]+", "&~", true],
  ])("%s on %j: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each(["a(?=b)", "(?!a)", "(?<=a)b", "(a)\\1", "a(?i)b", "[", "a**", "(", "\\", "\\y", "a++"])(
    "D5 %s cannot be used",
    (pattern) => {
      expect(matches(pattern, "a")).toEqual(expect.any(String));
    },
  );

  test("any text matches itself when it is quoted, whole and as a part", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!text.includes("\\E"));
        expect(matches(`\\Q${text}\\E`, text)).toBe(true);
        const part = partMatcher(`\\Q${text}\\E`);
        expect(typeof part === "function" && part(`<${text}>`)).toBe(true);
      }),
    );
  });
});

const labels = new Map([
  ["app", "web"],
  ["tier", ""],
  ["example.com/n", "5"],
]);

function selected(text: string): boolean | string {
  const selector = parseLabelSelector(text);
  return "problem" in selector ? selector.problem : selectsLabels(selector, labels);
}

describe("a label selector", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["app", true],
    ["!app", false],
    ["missing", false],
    ["!missing", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web , tier", true],
    ["app!=web", false],
    ["missing!=web", true],
    ["tier=", true],
    ["app in (a, web)", true],
    ["app in ()", false],
    ["tier in (,a)", true],
    ["app notin (web)", false],
    ["missing notin (web)", true],
    ["example.com/n>4", true],
    ["example.com/n<5", false],
    ["app>4", false],
    ["in in (in)", false],
  ])("%j: %s", (text, expected) => {
    expect(selected(text)).toBe(expected);
  });

  test.each([
    "app=",
    "a b",
    "a=b c",
    ",a",
    "a,",
    "a in b",
    "a in (b",
    "=a",
    "a=b=c",
    "a>x",
    "-a",
    "a=-",
    "a/b/c",
    "a!b",
  ])("%j", (text) => {
    if (text === "app=") expect(selected(text)).toBe(false);
    else expect(selected(text)).toEqual(expect.any(String));
  });
});
