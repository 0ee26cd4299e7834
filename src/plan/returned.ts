import type { LiveMetadata } from "../model/index.ts";
import { type ForeignOwner, foreignOwners } from "./foreign.ts";
import { toolsAtHand } from "./takeover.ts";

/**
 * Owners of another tool that have an object of ours again: taking it over made their fields ours, so that whoever has fields of
 * it and says that it is its own has applied it since. Whether they are still at work, the object does not say.
 */
export function returnedOwners(live: LiveMetadata): readonly ForeignOwner[] {
  const tools = toolsAtHand(live);
  return tools.size === 0 ? [] : foreignOwners(live).filter(({ tool }) => tools.has(tool));
}
