import { expect, test } from "vitest";
import { declaredBy, liveAfter } from "./objects.ts";
import { planned } from "./planned.ts";

const [a, b] = [declaredBy("x/a", "a"), declaredBy("x/a", "b")];

test("nobody is asked for a confirmation where nothing would go", () => {
  const asked: string[] = [];
  const confirmed = (service: string) => {
    asked.push(service);
    return undefined;
  };
  planned({ "x/a": [a], "x/b": [] }, [liveAfter(a)], { confirmed });
  expect(asked).toEqual([]);
  planned({ "x/a": [a], "x/b": [] }, [liveAfter(a), liveAfter(b)], { confirmed });
  expect(new Set(asked)).toEqual(new Set(["x/a"]));
});
