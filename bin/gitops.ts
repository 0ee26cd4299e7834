import { homedir } from "node:os";
import { main, openEngine, worldOf } from "../src/cli/index.ts";
import { systemClock } from "../src/clock.ts";

// Node would open a debugger for whoever may signal the process, which holds a cluster's credentials.
process.on("SIGUSR1", () => undefined);

const complain = (error: unknown): void => {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // Who follows the log of a pod reads JSON.
  const logged = process.argv[2] === "run";
  const line = {
    level: "error",
    time: new Date().toISOString(),
    code: "reconcile/bug",
    message: `this is a bug: ${what}`,
  };
  process.stderr.write(logged ? `${JSON.stringify(line)}\n` : `gitops  reconcile/bug\n  this is a bug: ${what}\n`);
};

// What escapes everything is a bug. Node's own exit code for it, 1, would say that some service failed.
process.on("uncaughtException", (error) => {
  complain(error);
  process.exit(2);
});

// A promise that nobody waited for breaks nothing that somebody does wait for: the services go on, and it is told.
let strayed = false;
process.on("unhandledRejection", (reason) => {
  strayed = true;
  process.exitCode = 2; // also when nothing comes after it
  complain(reason);
});

void main(worldOf(process, homedir(), systemClock()), openEngine).then((code) => {
  process.exitCode = strayed && code < 2 ? 2 : code;
});
