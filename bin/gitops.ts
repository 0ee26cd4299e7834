import { homedir } from "node:os";
import { main, openEngine, worldOf } from "../src/cli/index.ts";
import { systemClock } from "../src/clock.ts";

void main(worldOf(process, homedir(), systemClock()), openEngine).then((code) => {
  process.exitCode = code;
});
