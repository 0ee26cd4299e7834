import picomatch from "picomatch";

const LENGTH_MAX = 253;
/** More stars than these take a matcher too long on an id that nearly matches. */
const STARS = /^[^*]*(?:\*+[^*]*){0,4}$/;

/**
 * Whether a service id, or its last part, matches: `pay-*` finds `payments/pay-api`, as `--service` does. A star alone is for all,
 * also for the root folder, whose id is a dot. What is no glob is for nobody.
 */
export function matches(glob: string, service: string): boolean {
  if (glob === "*" || glob === "**") return true;
  if (globProblem(glob) !== undefined) return false;
  const is = picomatch(glob, { dot: true }); // "everything" leaves out no folder
  return is(service) || is(service.slice(service.lastIndexOf("/") + 1));
}

/** Why a text is no glob over services; undefined when it is one. */
export function globProblem(glob: string): string | undefined {
  if (glob.trim() === "") return "an empty text names no service";
  if (glob.startsWith("!")) return `${JSON.stringify(glob)} says only what is left out`;
  if (glob.length > LENGTH_MAX) return `a glob of ${glob.length} characters is longer than any id`;
  return STARS.test(glob) ? undefined : `${JSON.stringify(glob)} has more than 4 stars`;
}
