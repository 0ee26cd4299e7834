import { serviceGlob } from "../model/index.ts";

/**
 * Whether globs name a service: they match a whole id or its last part, as `--service` does (`pay-*` finds
 * `payments/pay-api`), and one that begins with `!` leaves out what the others name. With only such, all others are named.
 */
export function newMatch(globs: readonly string[]): (id: string) => boolean {
  const named = globs.filter((glob) => !glob.startsWith("!")).map(serviceGlob);
  const left = globs.filter((glob) => glob.startsWith("!")).map((glob) => serviceGlob(glob.slice(1)));
  return (id) => (named.length === 0 || named.some((matches) => matches(id))) && !left.some((matches) => matches(id));
}
