import { child, type LiveObject, text } from "../model/index.ts";
import { failing, HEALTHY, type Health, kubectl, progressing } from "./health.ts";
import { conditionsOf, integer, namedOf, words } from "./status.ts";

/**
 * Complete, or suspended. Unlike kstatus, and like Flux, a Job that runs is not healthy yet: who waits for a migration wants
 * to know that it is through.
 */
export function jobHealth(object: LiveObject): Health {
  const [spec, status] = [child(object, "spec"), child(object, "status")];
  for (const condition of conditionsOf(object)) {
    if (condition.status !== "True") continue;
    if (condition.type === "Complete") return HEALTHY;
    if (condition.type !== "Failed") continue;
    const { namespace, name } = namedOf(object);
    const reason = condition.reason === "" || condition.message === "" ? "" : `${condition.reason}: `;
    return failing(`${reason}${words(condition)}`, kubectl(namespace, `logs job/${name} --all-containers`));
  }
  // Of one that is through, this says nothing any more.
  if (spec?.["suspend"] === true) return HEALTHY;
  if (text(status, "startTime") === undefined) return progressing("it has not started");
  const wanted = integer(spec, "completions") ?? integer(spec, "parallelism") ?? 1;
  const [succeeded, failures] = [integer(status, "succeeded") ?? 0, integer(status, "failed") ?? 0];
  const tries = failures === 0 ? "" : `, ${failures} failed`;
  return progressing(`${succeeded} of ${wanted} completions${tries}`);
}

/** A Job that its controller deletes after it is done: gone, it has done its work, as Flux has it. */
export function vanishesWhenDone(object: { readonly kind: string; readonly [field: string]: unknown }): boolean {
  const spec = object["spec"];
  return object.kind === "Job" && typeof spec === "object" && spec !== null && "ttlSecondsAfterFinished" in spec;
}
