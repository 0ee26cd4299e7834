import { expect, test } from "vitest";
import { worldOf } from "../../src/cli/world.ts";
import { systemClock } from "../../src/clock.ts";

test.each([
  ["that nobody told its size", 0, 80],
  ["that is none", undefined, 80],
  ["of some width", 120, 120],
])("a terminal %s has a width", (_what, columns, width) => {
  const stream = { on: () => undefined, isTTY: true, columns, fd: -1 };
  const { argv, env } = process;
  const cwd = (): string => "/";
  const node = { argv, env, cwd, stdout: stream, stderr: stream } as unknown as NodeJS.Process;
  expect(worldOf(node, "/", systemClock()).stdout.columns()).toBe(width);
});
