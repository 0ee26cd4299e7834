import type { BrokenService } from "../model/index.ts";
import type { Assembly } from "./assemble.ts";
import type { Inventory } from "./inventory.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import type { OpenRevision } from "./revision.ts";
import type { Settled } from "./settled.ts";

/** All that a pass knows before it changes anything. */
export interface PassState {
  readonly io: Io;
  readonly request: PassRequest;
  readonly revision: OpenRevision;
  readonly inventory: Inventory;
  readonly assembly: Assembly;
  readonly settled: Settled;
  /** Services that cannot be reconciled, and why. */
  readonly broken: readonly BrokenService[];
  readonly selected: (id: string) => boolean;
}
