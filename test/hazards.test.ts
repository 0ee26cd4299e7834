import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** `docs/hazards.md` tells which tests prove what: no hazard is missing, and every test that it names is there. */
interface Row {
  readonly id: string;
  readonly behaviour: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

const rows: readonly Row[] = readFileSync("docs/hazards.md", "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, id = "", , behaviour = "", tests = ""] = line.split("|").map((cell) => cell.trim());
    if (!/^[A-E]\d+$/.test(id)) return [];
    const named = [...tests.matchAll(/`(test\/[^`]+)`: ([^<]+)/g)];
    return [{ id, behaviour, tests: named.map(([, file = "", name = ""]) => ({ file, name: name.trim() })) }];
  });
const outOfScope = ({ behaviour }: Row): boolean => behaviour.startsWith("Out of scope: ");
const ids = (group: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, index) => `${group}${index + 1}`);

/** Whether a test file has a test of this name: a text, or a template up to its first `${`. */
function isThere({ file, name }: { readonly file: string; readonly name: string }): boolean {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text.includes(`"${name}"`) || text.includes(["`", name, " $", "{"].join(""));
}

describe("docs/hazards.md", () => {
  test("has every hazard once, in order", () => {
    const all = [...ids("A", 26), ...ids("B", 18), ...ids("C", 7), ...ids("D", 28), ...ids("E", 10)];
    expect(rows.map(({ id }) => id)).toEqual(all);
  });

  test("names tests that are there", () => {
    const missing = rows.flatMap(({ id, tests }) =>
      tests.filter((one) => !isThere(one)).map((one) => ({ id, ...one })),
    );
    expect(missing).toEqual([]);
  });

  test("names a test for every hazard that is in scope; those of A, D and E begin with its id", () => {
    const bare = rows.filter((row) => !outOfScope(row) && row.tests.length === 0);
    expect(bare.map(({ id }) => id)).toEqual([]);
    const other = rows.filter(
      (row) =>
        /^[ADE]/.test(row.id) && !outOfScope(row) && !row.tests.some(({ name }) => name.startsWith(`${row.id} `)),
    );
    expect(other.map(({ id }) => id)).toEqual([]);
  });
});
