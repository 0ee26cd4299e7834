/** What build threads may have of the machine. */
interface Share {
  readonly threads: number;
  /** Memory of one thread. */
  readonly heapMb: number;
}

/** With less a sound build of some size would not come to its end. */
const HEAP_MB_MIN = 64;

/**
 * Build threads get at most half of the memory that the process may have, so that what one service needs ends its build and not the
 * process: fewer threads first, then smaller ones. `limitBytes` is a container's limit; without one it is more than there is.
 */
export function shareOf({ threads, heapMb }: Share, limitBytes: number): Share {
  const halfMb = limitBytes / 2 / 1024 / 1024;
  const fewer = Math.min(threads, Math.max(1, Math.floor(halfMb / heapMb)));
  return { threads: fewer, heapMb: Math.max(HEAP_MB_MIN, Math.min(heapMb, Math.floor(halfMb))) };
}
