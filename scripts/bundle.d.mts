/** The text of the build worker, to be run with `new Worker(text, { eval: true })`. */
export function workerSource(): Promise<string>;
/** Writes dist/gitops.cjs. */
export function bundle(): Promise<void>;
