import { expect, test } from "vitest";
import { shareOf } from "../../src/builders/index.ts";

const MIB = 1024 * 1024;

test.each([
  ["no limit", Number.POSITIVE_INFINITY, { threads: 4, heapMb: 256 }],
  ["as much as they may need, and as much again", 2048 * MIB, { threads: 4, heapMb: 256 }],
  ["a gibibyte: fewer threads", 1024 * MIB, { threads: 2, heapMb: 256 }],
  ["half of it: one", 512 * MIB, { threads: 1, heapMb: 256 }],
  ["less: a smaller one", 256 * MIB, { threads: 1, heapMb: 128 }],
  ["next to nothing: enough for small builds nevertheless", 32 * MIB, { threads: 1, heapMb: 64 }],
])("D7 build threads within a memory limit, %s", (_, limit, expected) => {
  expect(shareOf({ threads: 4, heapMb: 256 }, limit)).toEqual(expected);
});
