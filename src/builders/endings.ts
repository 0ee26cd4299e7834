import type { Failure, FailureCode } from "../model/index.ts";
import type { BuildJob } from "./job.ts";
import type { BuildAnswer } from "./messages.ts";

/** What is said of a build that did not end by itself. */
export function outOfTime(job: BuildJob, deadlineMs: number): BuildAnswer {
  const message = `the build did not end within ${deadlineMs} ms and was stopped`;
  return answered(
    job,
    "build/deadline",
    message,
    "look for bases or components that include each other many times over",
  );
}

export function outOfMemory(job: BuildJob, heapMb: number): BuildAnswer {
  const message = `the build needed more than ${heapMb} MiB of memory and was stopped`;
  return answered(job, "build/out-of-memory", message, "split the folder, or take the large files out of it");
}

export function crashed(job: Pick<BuildJob, "folder">, cause: string): BuildAnswer {
  const message = `the build ended unexpectedly: ${cause.split("\n", 1)[0] ?? ""}`;
  return answered(job, "build/crashed", message, "this is a bug: report it with the folder's files");
}

/** Nothing of the job was looked at. */
export function notStarted(job: Pick<BuildJob, "folder">, cause: string): BuildAnswer {
  const message = `no build thread could be started: ${cause.split("\n", 1)[0] ?? ""}`;
  return answered(
    job,
    "build/not-started",
    message,
    "allow the process more threads (a pod's pids limit, ulimit -u) or open files; it is tried again",
  );
}

function answered(
  { folder }: Pick<BuildJob, "folder">,
  code: FailureCode,
  message: string,
  remedy: string,
): BuildAnswer {
  const failure: Failure = { code, message, remedy, at: { path: folder === "" ? "." : folder } };
  return { ok: false, failures: [failure] };
}
