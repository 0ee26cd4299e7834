import { homedir } from "node:os";
import { main, openEngine, worldOf } from "../src/cli/index.ts";
import { systemClock } from "../src/clock.ts";

// Node would open a debugger for whoever may signal the process, which holds a cluster's credentials.
process.on("SIGUSR1", () => undefined);

// What escapes everything is a bug. Node's own exit code for it, 1, would say that some service failed.
process.on("uncaughtException", (error) => {
  process.stderr.write(`gitops  reconcile/bug\n  this is a bug: ${error.stack ?? error.message}\n`);
  process.exit(2);
});

void main(worldOf(process, homedir(), systemClock()), openEngine).then((code) => {
  process.exitCode = code;
});
