import type { Failure, PassOutcome, Revision } from "../model/index.ts";
import { forgetGone } from "./memory.ts";
import type { Io, OnPassEvent, PassRequest } from "./pass-types.ts";
import { planPass } from "./planning.ts";
import { prepare, unmatchedGlobs } from "./prepare.ts";
import { workThrough } from "./work.ts";

/**
 * One pass: fetch, discover, list, build, plan, apply, prune. Every service ends in an outcome of its own; failures of the
 * run itself (no source, no cluster) leave everything as it was. `stop` ends the pass at the next safe point: a request that
 * was sent is awaited, no other begins.
 */
export async function runPass(
  io: Io,
  request: PassRequest,
  onEvent: OnPassEvent,
  stop: AbortSignal,
): Promise<PassOutcome> {
  const started = io.clock.monotonicMs();
  const ended = (
    rest: Pick<PassOutcome, "services" | "failures" | "blind"> & { revision?: Revision; builds?: number },
  ): PassOutcome => ({
    builds: 0,
    durationMs: io.clock.monotonicMs() - started,
    ...rest,
  });
  // Ends what nobody waits for any more when the pass is over: late builds of services that were not selected.
  const over = new AbortController();
  try {
    const prepared = await prepare(io, request, onEvent, AbortSignal.any([stop, over.signal]));
    if (!prepared.ok) return ended({ services: [], failures: prepared.failures });
    const { state } = prepared;
    const revision = state.revision.snapshot.revision;
    const unmatched = unmatchedGlobs(state);
    if (unmatched.length > 0) return ended({ revision, services: [], failures: unmatched });
    const refused = refusedConfirmation(request, revision);
    if (refused !== undefined) return ended({ revision, services: [], failures: [refused] });
    const plans = planPass(state);
    const services = await workThrough(state, plans, onEvent, stop);
    if (io.memory !== undefined) forgetGone(io.memory, state.revision.discovery.services);
    await state.settled.save();
    await state.fights.save();
    await io.cache.save();
    const builds = state.assembly.builds();
    const { unlisted, failedGroups } = state.inventory;
    const blind = unlisted.size + failedGroups.size > 0 ? { blind: true as const } : {};
    return ended({ revision, services, failures: [], builds, ...blind });
  } catch (cause) {
    if (!stop.aborted) throw cause;
    return ended({ services: [], failures: [interrupted(stop)] });
  } finally {
    over.abort();
  }
}

function refusedConfirmation({ confirm }: PassRequest, { commit }: Revision): Failure | undefined {
  if (confirm === undefined || (confirm.length >= 7 && commit.startsWith(confirm.toLowerCase()))) return undefined;
  return {
    code: "usage/invalid-flag",
    message: `--confirm ${confirm} is not the revision at hand, ${commit.slice(0, 12)}`,
    remedy: "look at what is held at this revision, then confirm it by its own commit",
  };
}

function interrupted({ reason }: AbortSignal): Failure {
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return {
      code: "reconcile/deadline",
      message: "the time was up before anything was changed",
      remedy: "allow more with --timeout, and see what takes so long: git, the API server or the builds",
    };
  }
  return {
    code: "reconcile/interrupted",
    message: "told to stop before anything was changed",
    remedy: "run again",
  };
}
