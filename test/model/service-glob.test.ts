import fc from "fast-check";
import picomatch from "picomatch";
import { describe, expect, test } from "vitest";
import { globOf, globProblem, serviceGlob } from "../../src/model/index.ts";

describe("a glob over services", () => {
  test.each([
    ["pay", "pay", true],
    ["pay", "legacy/pay", true],
    ["/pay", "pay", true],
    ["/pay", "legacy/pay", false],
    ["./apps/pay", "apps/pay", true],
    ["/apps/*", "apps/pay", true],
    ["/.", ".", true],
    ["*", ".", true],
    ["/**", "apps/.hidden/web", true],
    ["apps/*", "apps/shop/web", false],
    ["apps/**", "apps/shop/web", true],
    ["apps/**", "apps", true],
    ["apps/**/web", "apps/web", true],
    ["apps/**/web", "apps/a/b/web", true],
    ["apps**", "apps-old/web", false],
    ["pay?", "pay1", true],
    ["pay?", "pay/", false],
    ["pay[0-9]", "pay7", true],
    ["pay[!0-9]", "pay7", false],
    ["pay[^0-9]", "payx", true],
    ["a[/]b", "a/b", false],
    ["{pay,shop{,-old}}/api", "shop-old/api", true],
    ["{pay,shop{,-old}}/api", "shop-new/api", false],
    ["app (old)", "app (old)", true],
    ["app [(]old)", "app (old)", false],
    ["app [(]old[)]", "app (old)", true],
    ["a|b", "a|b", true],
    ["a|b", "a", false],
    ["{a}", "{a}", true],
    ["[", "x/[", true],
    ["a]?", "a]b", true],
    ["[]b", "[]b", true],
    ["[[]a]", "[a]", true],
    ["(a+)+", "aaa", false],
  ])("%s matches %s: %s", (glob, id, matches) => {
    expect(serviceGlob(glob)(id)).toBe(matches);
  });

  test.each([
    ["", "an empty text names no service"],
    ["/", "an empty text names no service"],
    ["!a", "says only what is left out"],
    ["a".repeat(254), "longer than any id"],
    ["*a*a*a*a*", "more than 4 stars"],
    ["{*,*}{*,*,*}", "more than 4 stars"],
    ["(([a-z-])+)+!", 'has "("'],
    ["((a+)+)+b", 'has "("'],
    ["a(b)+", 'has ")+"'],
    ["a(b)*", 'has ")*"'],
    ["(a)b", 'has "("'],
    ["a|b", 'has "|"'],
    ["@(a,b)", 'has "@("'],
    ["a(b)[c]", 'has "("'],
    ["a\\d", "globs have *, **, ?, [ab] and {a,b} only"],
    ["{a", "a brace that is not closed"],
    ["a}", "a closing brace that nothing opened"],
    ["{a}", "braces without a comma"],
    ["[[:alpha:]]", 'has "[[:"'],
    ["[z-a]", "z-a, which is backwards"],
  ])("%s is none: %s", (glob, why) => {
    expect(globProblem(glob)).toContain(why);
  });

  const piece = fc.constantFrom(
    "a",
    "b",
    "-",
    "/",
    "*",
    "?",
    "[ab]",
    "{a,b}",
    "{a,b/a}",
    "{a*,b}",
    "/**/",
    "a/**",
    "**/a",
  );
  const id = fc.stringMatching(/^[ab-]{1,3}(?:\/[ab-]{1,3}){0,2}$/);

  test("it means what it means to others", () => {
    const options = { dot: true, nonegate: true, noextglob: true, regex: false, fastpaths: false } as const;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), id, (pieces, service) => {
        const glob = pieces.join("");
        // Others read stars beside stars and braces, and slashes at ends, in ways of their own.
        fc.pre(globProblem(glob) === undefined && !/^\/|\/$|\/\/|\*\{|\}\*|\*{3}|\*\*[^/]|[^/]\*\*/.test(glob));
        const is = picomatch(glob, options);
        expect(serviceGlob(glob)(service)).toBe(is(service) || is(service.slice(service.lastIndexOf("/") + 1)));
      }),
      { numRuns: 2000 },
    );
  });

  // With ways that multiply, any one of these would not end within the lifetime of whoever waits.
  test.each([
    "*a*a*a*ab",
    "**/*a*/**/b",
    `${"?".repeat(248)}*ab`,
    `${"{a,aa}".repeat(40)}b`,
    `${"{,a}".repeat(60)}b`,
    `${"{a,{a,a}}".repeat(25)}b`,
    "{*,*}{*,*}b",
    `${"{".repeat(60)}a${",a}".repeat(60)}b`,
    `${"[a-z]".repeat(45)}*{a*,*a}b`,
  ])("%s is done with at once, however nearly an id matches", (glob) => {
    expect(globProblem(glob)).toBeUndefined();
    const named = serviceGlob(glob);
    for (const near of ["a".repeat(253), "a".repeat(4000), Array(126).fill("a").join("/")])
      expect(named(near)).toBe(false);
  });

  test("any text, accepted or not, is done with; an id is always named by itself", () => {
    const signs = fc.constantFrom(
      "a",
      "b",
      "/",
      "*",
      "?",
      "[",
      "]",
      "{",
      "}",
      ",",
      "(",
      ")",
      "|",
      "+",
      "!",
      "@",
      "\\",
      "-",
      "^",
    );
    const text = fc.array(signs, { minLength: 1, maxLength: 253 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, (glob) => {
        serviceGlob(glob)("a".repeat(253));
        expect(serviceGlob(glob)(glob)).toBe(true);
      }),
    );
  });

  test("the glob of an id is for it, and for no other that ends like it", () => {
    const odd = fc
      .stringMatching(/^[ab*?[\](){}|!+.-]{1,8}(?:\/[ab*?[\](){}|!-]{1,4})?$/)
      .filter((one) => !one.startsWith("./"));
    fc.assert(
      fc.property(odd, (service) => {
        const named = serviceGlob(globOf(service));
        expect([globProblem(globOf(service)), named(service), named(`legacy/${service}`)]).toEqual([
          undefined,
          true,
          false,
        ]);
      }),
    );
  });
});
