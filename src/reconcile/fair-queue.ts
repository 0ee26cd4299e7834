/** Runs tasks, so many at once; whose turn it is goes round among the tenants. */
export interface FairQueue {
  /** Never rejects: `task` answers for itself. */
  run(tenant: string, task: () => Promise<void>): void;
}

/**
 * A pool of `places` in which no tenant's many services can keep those of another waiting: each free place goes to the next
 * tenant in the round that has something to do, and within a tenant it is first come, first served.
 */
export function fairQueue(places: number): FairQueue {
  const waiting = new Map<string, (() => Promise<void>)[]>();
  let running = 0;
  const next = (): void => {
    for (const [tenant, tasks] of waiting) {
      if (running >= places) return;
      const task = tasks.shift();
      // A tenant that was served goes to the end of the round.
      waiting.delete(tenant);
      if (tasks.length > 0) waiting.set(tenant, tasks);
      if (task === undefined) continue;
      running += 1;
      void task().finally(() => {
        running -= 1;
        next();
      });
    }
  };
  return {
    run(tenant, task) {
      const tasks = waiting.get(tenant);
      if (tasks === undefined) waiting.set(tenant, [task]);
      else tasks.push(task);
      if (running < places) next();
    },
  };
}
