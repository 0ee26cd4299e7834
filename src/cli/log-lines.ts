import type { Sink } from "./world.ts";

/** Text that a reader has not taken yet is kept up to this; after that lines are lost, and counted. */
const BACKLOG_BYTES_MAX = 1 << 20;

/**
 * Log lines for a reader who may stop reading, in a process that goes on for months: work never waits for its log, and the
 * log never grows in memory. What was lost is told with the first line that can be written again.
 */
export function logLines(sink: Pick<Sink, "write" | "backlog">, nowMs: () => number): (line: string) => void {
  let lost = 0;
  return (line) => {
    if (sink.backlog() > BACKLOG_BYTES_MAX) {
      lost += 1;
      return;
    }
    if (lost > 0) {
      const time = new Date(nowMs()).toISOString();
      sink.write(`${JSON.stringify({ level: "warn", time, message: "log lines were lost", lines: lost })}\n`);
      lost = 0;
    }
    sink.write(line);
  };
}
