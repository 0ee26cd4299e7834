import type { Clock } from "../model/index.ts";
import type { Answer, Problem } from "./port.ts";
import type { Reply, Request, Send } from "./send.ts";

export interface RetryPolicy {
  /** Sends in all, the first included. */
  readonly attempts: number;
  /** The first wait; each later one is twice as long, up to `maxMs`. Each is spread by ± half. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Sends again what failed for a passing reason. A write that is not repeatable is sent again only when it certainly was
 * not done. The wait holds no place in the line of requests. What the server asks for in Retry-After is kept, at least.
 */
export function retrying(send: Send, policy: RetryPolicy, clock: Clock): Send {
  return async (request, signal) => {
    for (let attempt = 1; ; attempt++) {
      const answer: Answer<Reply> = await send(request, signal);
      if (answer.ok || attempt >= policy.attempts || !mayPass(answer.problem, request)) return answer;
      const backoff = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1)) * (0.5 + policy.random());
      const asked = answer.problem.retryAfterMs ?? 0;
      if (asked > policy.maxMs * 4) return answer; // longer than a request is worth: the next pass comes back to it
      await clock.sleep(Math.max(backoff, asked), signal);
    }
  };
}

function mayPass(problem: Problem, request: Request): boolean {
  if (problem.ambiguous && !request.repeatable) return false;
  switch (problem.kind) {
    case "network":
      return true;
    case "timeout":
      return request.method === "GET"; // a write that hangs, hangs in a webhook: asking again only doubles the wait
    case "decode":
      return request.method === "GET"; // a truncated answer; an odd one stays odd, which costs a few reads
    case "status":
      return (
        problem.status === 429 ||
        (request.repeatable &&
          (problem.status === 502 ||
            problem.status === 503 ||
            problem.status === 504 ||
            problem.reason === "ServerTimeout" ||
            // etcd between two leaders, which the API server reports as an internal error
            (problem.status === 500 && problem.message.includes("etcdserver:"))))
      );
  }
}
