import picomatch from "picomatch";

/** Whether a service id, or its last part, matches: `pay-*` finds `payments/pay-api`, as `--service` does. */
export function matches(glob: string, service: string): boolean {
  const is = picomatch(glob, { dot: true }); // "everything" leaves out no folder
  return is(service) || is(service.slice(service.lastIndexOf("/") + 1));
}
