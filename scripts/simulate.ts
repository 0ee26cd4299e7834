import { parseArgs } from "node:util";
import { historyOf } from "../test/simulator/history.ts";
import { findRemovedGuards } from "../test/simulator/mutations.ts";
import { shrunk } from "../test/simulator/shrink.ts";
import { simulate } from "../test/simulator/simulate.ts";
import { tellHistory } from "../test/simulator/tell.ts";

/**
 * Plays random histories through the real reconciler and an API server in memory, and looks for broken laws. `--seed` is the
 * first history, `--runs` how many, `--minutes` for how long at most; `--mutations` switches the guards of a delete off, one
 * by one, and tells which history notices. Exit code 1: a law was broken, or a guard is missed by nobody.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "2000" },
    minutes: { type: "string" },
    mutations: { type: "boolean", default: false },
  },
});

async function histories(first: number, runs: number, minutes: number): Promise<number> {
  const started = performance.now();
  let played = 0;
  let seed = first;
  // Whoever waits for what never comes leaves nothing to do, and the process would end as if all were well.
  process.once("beforeExit", () => {
    if (process.exitCode !== undefined) return;
    console.error(`seed ${seed} hangs: everybody waits, and nothing happens any more`);
    process.exitCode = 1;
  });
  for (; seed < first + runs && performance.now() - started < minutes * 60_000; seed += 1) {
    const history = historyOf(seed);
    const verdict = await simulate(history);
    played += 1;
    if (verdict.violations.length > 0) {
      const [least, why] = await shrunk(history, verdict);
      console.log(`seed ${seed} breaks a law. The least that does:\n${tellHistory(least, why)}`);
      console.log(`\nreplay it with: npm run simulate -- --seed ${seed} --runs 1`);
      return 1;
    }
    if (played % 1000 === 0) console.log(progress(played, started));
  }
  console.log(`${progress(played, started)}, no law broken`);
  return 0;
}

function progress(played: number, started: number): string {
  const seconds = (performance.now() - started) / 1000;
  return `${played} histories in ${seconds.toFixed(1)} s, ${(played / seconds).toFixed(1)} a second`;
}

async function mutations(first: number, runs: number): Promise<number> {
  let missed = 0;
  for await (const { guard, seed, law, what } of findRemovedGuards(first, runs)) {
    if (seed === undefined) missed += 1;
    console.log(`${guard.padEnd(44)} ${seed === undefined ? "NOT NOTICED" : `seed ${seed}: ${law}: ${what}`}`);
  }
  return missed === 0 ? 0 : 1;
}

const [seed, runs] = [Number(values.seed), Number(values.runs)];
const main = values.mutations ? mutations(seed, runs) : histories(seed, runs, Number(values.minutes ?? "1e9"));
main.then(
  (code) => (process.exitCode = code),
  (cause: unknown) => {
    console.error(cause);
    process.exitCode = 2;
  },
);
