import { systemClock } from "../../src/clock.ts";
import { openSource } from "../../src/git/index.ts";
import { takeLock } from "../../src/lock.ts";

/**
 * A process of its own for tests that kill one: `fetch <repo> <cacheDir>` fetches once and prints the commit or the
 * failure's code; `lock <folder>` takes a lock, prints `held` and keeps it.
 */
async function main(): Promise<void> {
  const [task = "", first = "", cacheDir = ""] = process.argv.slice(2);
  const { signal } = new AbortController();
  const clock = systemClock();
  if (task === "lock") {
    const lock = await takeLock(first, 10_000, 60_000, clock, signal);
    console.log(lock === undefined ? "not held" : "held");
    setInterval(() => {}, 60_000);
    return;
  }
  const options = { repo: first, ref: "main", cacheDir, timeoutMs: 15_000, allowHttp: true, environment: process.env };
  const source = await openSource(options, clock, signal);
  if (!source.ok) throw new Error("the source does not open");
  const answer = await source.value.fetch(signal);
  console.log(answer.ok ? answer.value.revision.commit : answer.failures[0]?.code);
  await source.value.close();
}

void main();
