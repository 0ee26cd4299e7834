import { describe, expect, test } from "vitest";
import { type Cell, columns } from "../../src/report/columns.ts";

const header: readonly Cell[] = [
  { text: "SERVICE" },
  { text: "STATE" },
  { text: "SPARE", spare: true },
  { text: "COUNT", right: true },
  { text: "WHY" },
];
const row = (id: string, why: string): readonly Cell[] => [
  { text: id },
  { text: "synced" },
  { text: "not needed" },
  { text: "12", right: true },
  { text: why },
];
const LONG = row(
  "payments-of-the-north/accounts-gateway-0001",
  "it is declared in a folder that a Flux document names",
);

describe("a table", () => {
  test("is as wide as what stands in it, where there is no terminal", () => {
    expect(columns([header, LONG]).map((line) => line.length)).toEqual([75, 125]);
    expect(columns([header, LONG]).join("")).not.toContain("…");
    expect(columns([header, LONG], 125)).toEqual(columns([header, LONG]));
  });

  test("leaves out what can be spared first, and cuts nothing while that is enough", () => {
    const lines = columns([header, LONG], 124);
    expect(lines[0]).not.toContain("SPARE");
    expect(lines[1]).toBe(
      "payments-of-the-north/accounts-gateway-0001  synced     12  it is declared in a folder that a Flux document names",
    );
  });

  test("then cuts the widest: names in the middle, what is said at the end", () => {
    expect(columns([header, LONG, row("a/b", "short")], 80)).toEqual([
      "SERVICE                          STATE   COUNT  WHY",
      "payments-of-the…ts-gateway-0001  synced     12  it is declared in a folder that…",
      "a/b                              synced     12  short",
    ]);
  });

  test("never cuts what is short: then it wraps", () => {
    const lines = columns([header, LONG], 40);
    expect(lines[1]).toBe("payments-…teway-0001  synced     12  it is declared in a…");
  });

  test("fits in any room that its short columns leave, with wide characters, too", () => {
    for (let room = 64; room < 130; room += 1) {
      const lines = columns(
        [header, LONG, row("サービス/とても長い名前のサービスです", "理由はここに書いてあります、とても長い理由です")],
        room,
      );
      for (const line of lines) expect(wide(line), `${room}: ${line}`).toBeLessThanOrEqual(room);
    }
  });
});

const wide = (line: string): number =>
  Array.from(line).reduce((sum, one) => sum + (/[\u3000-\u9fff]/.test(one) ? 2 : 1), 0);
