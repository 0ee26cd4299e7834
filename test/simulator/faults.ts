import type { Answer, Cluster, Kind, Problem } from "../../src/cluster/index.ts";
import type { Way } from "./stage.ts";
import type { Asked, FaultKind, Request, Trouble } from "./trouble.ts";
import type { RunClock } from "./virtual-clock.ts";

const SLOW_MS = 8000;

/** The way to an API server in this process. `past` are answers of earlier runs, for stale reads. */
export function embeddedWay(
  cluster: Cluster,
  { faults }: Trouble,
  past: Map<string, Answer<unknown>>,
  clock: RunClock,
): Way {
  const faultAt = (number: number): FaultKind | undefined => faults.find(({ at }) => at === number)?.kind;
  return {
    cluster,
    async delay(at, signal) {
      if (faultAt(at) === "slow") await clock.sleep(SLOW_MS, signal);
    },
    async carry<T>(at: number, asked: Asked<T>) {
      const fault = faultAt(at);
      const { kind, options } = asked;
      const key = `${asked.verb} ${kind?.group}/${kind?.kind} ${asked.namespace}/${asked.name} ${options?.labelSelector}`;
      const lost = fault === undefined ? undefined : refusal(fault, asked.verb);
      const forwarded = lost === undefined || fault === "lost-after";
      const answer = forwarded ? await asked.forward() : undefined;
      const fresh = answer ?? { ok: false as const, problem: lost ?? network(asked.verb) };
      const told = (lost === undefined ? bent(fault, key, fresh, past) : { ok: false, problem: lost }) as Answer<T>;
      if (answer?.ok === true) past.set(key, answer);
      return { told, done: answer?.ok === true, ...(fault === undefined ? {} : { fault }) };
    },
    close: () => Promise.resolve(),
  };
}

/** What the program is told instead of an answer; undefined when the request goes through. */
function refusal(fault: FaultKind, verb: Request["verb"]): Problem | undefined {
  switch (fault) {
    case "lost-before":
    case "lost-after":
      return network(verb);
    case "timeout":
      return { ...network(verb), kind: "timeout", message: "no answer in time" };
    case "conflict":
      return status(409, "Conflict");
    case "throttled":
      return { ...status(429, "TooManyRequests"), retryAfterMs: 1000 };
    case "server-error":
      return { ...status(500, "InternalError"), ambiguous: true };
    case "unavailable":
      return status(503, "ServiceUnavailable");
    case "forbidden":
      return status(403, "Forbidden");
    case "truncated":
      return verb === "list" || verb === "kinds" ? { ...network(verb), kind: "decode" } : network(verb);
    case "group":
      return verb === "kinds" ? undefined : status(503, "ServiceUnavailable");
    case "stale":
    case "slow":
      return undefined;
  }
}

function network(verb: Request["verb"]): Problem {
  const ambiguous = verb === "apply" || verb === "patch" || verb === "remove";
  return { kind: "network", message: "the connection was cut", causes: [], ambiguous };
}

function status(code: number, reason: string): Problem {
  return { kind: "status", status: code, reason, message: `simulated ${reason}`, causes: [], ambiguous: false };
}

/** Answers that arrive whole but do not tell how things are. */
function bent(
  fault: FaultKind | undefined,
  key: string,
  fresh: Answer<unknown>,
  past: ReadonlyMap<string, Answer<unknown>>,
): Answer<unknown> {
  if (!fresh.ok) return fresh;
  if (fault === "group" && key.startsWith("kinds ")) {
    const { kinds } = fresh.value as { kinds: readonly Kind[] };
    const groups = [...new Set(kinds.map(({ group }) => group).filter((group) => group !== ""))];
    const lost = groups[past.size % groups.length] ?? "";
    return { ok: true, value: { kinds: kinds.filter(({ group }) => group !== lost), failedGroups: [lost] } };
  }
  if (fault !== "stale") return fresh;
  if (key.startsWith("list ") || key.startsWith("metadata ")) return past.get(key) ?? fresh;
  return fresh;
}
