/** The text of the build worker, to be run with `new Worker(text, { eval: true })`. */
export function workerSource(): Promise<string>;
/** Writes dist/gitops.cjs. */
export function bundle(): Promise<void>;
/** Writes the program as one file. */
export function bundleTo(
  outfile: string,
  options: { readonly minify?: boolean; readonly banner?: { readonly js?: string } },
): Promise<void>;
