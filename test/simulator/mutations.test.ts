import { expect, test } from "vitest";
import { GUARDS } from "./guards.ts";
import { findRemoved } from "./mutations.ts";

/** A simulator that does not miss a guard when it is gone would not find the bug of forgetting it, either. */
const LIMIT_MS = 120_000;
const HISTORIES = 2500;

test.each(GUARDS.map((guard) => [guard.name, guard] as const))(
  "without “%s” a law is broken",
  async (_name, guard) => {
    const { seed, law } = await findRemoved(guard, 1, HISTORIES);
    expect(seed).toBeDefined();
    expect(law).toBeDefined();
  },
  LIMIT_MS,
);
