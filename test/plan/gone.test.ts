import { describe, expect, test } from "vitest";
import type { LiveMetadata } from "../../src/model/index.ts";
import { declaredBy, liveAfter } from "./objects.ts";
import { planned } from "./planned.ts";

describe("of a service that left git", () => {
  test("what left git is known by its label, and held when neither that nor its annotation tells the service", () => {
    const unannotated = (object: ReturnType<typeof declaredBy>): LiveMetadata => ({
      ...liveAfter(object),
      annotations: {},
    });
    const long = `x/${"a-long-name-".repeat(6)}end`;
    const kept = [1, 2, 3, 4].map((n) => declaredBy("x/kept", `keep-${n}`));
    const present = { "x/kept": kept };
    const live = kept.map((one) => liveAfter(one));
    const plain = planned(present, [...live, unannotated(declaredBy("x/a", "a"))]);
    expect(plain).toMatchObject({ "x/a": ["delete a: no longer in git"] });
    const hashed = planned(present, [...live, unannotated(declaredBy(long, "a"))]);
    expect(Object.values(hashed).at(-1)).toEqual([
      "held a: its label is a hash and its annotation is gone, so which service it was of is not known",
    ]);
    expect(planned(present, [...live, liveAfter(declaredBy(long, "a"))])).toMatchObject({
      [long]: ["delete a: no longer in git"],
    });
  });
});
