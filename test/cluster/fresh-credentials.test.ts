import { expect, test } from "vitest";
import type { Credentials } from "../../src/cluster/credentials.ts";
import { freshCredentials } from "../../src/cluster/fresh-credentials.ts";
import { ok, type Result } from "../../src/model/index.ts";
import { manualClock } from "../support/manual-clock.ts";

const MINUTE = 60_000;
const token = (authorization: string): Credentials => ({ tls: {}, headers: { authorization } });
const never = new AbortController().signal;

test("D12 a plugin that hangs is asked again, and what it says too late changes nothing", async () => {
  const clock = manualClock();
  const answers: ((answer: Result<Credentials>) => void)[] = [];
  const fresh = freshCredentials(token("first"), () => new Promise((resolve) => answers.push(resolve)), clock);
  await clock.advance(2 * MINUTE);
  const ended = new AbortController();
  const waiting = fresh.current(ended.signal);
  expect(answers).toHaveLength(1);
  ended.abort(new Error("no end within 30 s"));
  await expect(waiting).rejects.toThrow("no end within 30 s");
  await clock.advance(MINUTE / 2);
  expect((await fresh.current(never)).credentials).toEqual(token("first")); // which may still do
  await clock.advance(MINUTE);
  const next = fresh.current(never);
  expect(answers).toHaveLength(2);
  answers[1]?.(ok(token("second")));
  expect((await next).credentials).toEqual(token("second"));
  await clock.advance(MINUTE / 2);
  answers[0]?.(ok(token("stale")));
  await clock.advance(0);
  expect((await fresh.current(never)).credentials).toEqual(token("second"));
});

test("all who ask while one reading is under way wait for that one", async () => {
  const clock = manualClock();
  const answers: ((answer: Result<Credentials>) => void)[] = [];
  const fresh = freshCredentials(token("first"), () => new Promise((resolve) => answers.push(resolve)), clock);
  await clock.advance(2 * MINUTE);
  const waiting = [fresh.current(never), fresh.current(never)];
  await clock.advance(MINUTE / 12);
  waiting.push(fresh.current(never));
  expect(answers).toHaveLength(1);
  answers[0]?.(ok(token("second")));
  for (const one of waiting) expect((await one).credentials).toEqual(token("second"));
});
