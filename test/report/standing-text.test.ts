import { describe, expect, test } from "vitest";
import { confirmedText } from "../../src/report/index.ts";

describe("what was confirmed", () => {
  const order = { commit: "3f2a91c5d0e1", globs: ["**"], by: "Ada" };

  test.each([
    [["dev/a"], [], "1 service with held deletes: dev/a\n"],
    [["dev/a"], ["dev/b"], "1 service with held deletes: dev/a\nno confirmation lets go what is held of dev/b\n"],
    [
      [],
      ["dev/b"],
      "nothing that it lets go is known to be held at this commit now\nno confirmation lets go what is held of dev/b\n",
    ],
    [[], [], "nothing is known to be held at this commit now\n"],
  ])("%j let go, %j staying", (held, staying, want) => {
    expect(confirmedText(order, held, staying).split("the next pass over that commit does them\n")[1]).toBe(want);
  });
});
