import picomatch from "picomatch";

/** Globs longer than this are no globs over service ids. */
const GLOB_LENGTH_MAX = 253;

/**
 * Whether globs name a service: they match a whole id or its last part, as `--service` does (`pay-*` finds
 * `payments/pay-api`), and one that begins with `!` leaves out what the others name. With only such, all others are named.
 */
export function newMatch(globs: readonly string[]): (id: string) => boolean {
  const named = globs.filter((glob) => !glob.startsWith("!")).map(matcher);
  const left = globs.filter((glob) => glob.startsWith("!")).map((glob) => matcher(glob.slice(1)));
  return (id) => (named.length === 0 || named.some((matches) => matches(id))) && !left.some((matches) => matches(id));
}

function matcher(glob: string): (id: string) => boolean {
  // The root folder's id is a dot, which a star does not match.
  if (glob === "*" || glob === "**") return () => true;
  const matches = picomatch(glob, { dot: true, nonegate: true, noextglob: true, maxLength: GLOB_LENGTH_MAX });
  return (id) => matches(id) || matches(id.slice(id.lastIndexOf("/") + 1));
}
