import type { Inventory } from "../live/index.ts";
import type { BrokenService } from "../model/index.ts";
import type { Inhabitants } from "../plan/index.ts";
import type { Assembled, Assembly } from "./assemble.ts";
import type { LiveAutoscalers } from "./autoscalers.ts";
import type { FightMemory } from "./fights.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import type { OpenRevision } from "./revision.ts";
import type { Settled } from "./settled.ts";
import type { StrangersLook } from "./strangers.ts";

/** All that a pass knows before it changes anything. */
export interface PassState {
  readonly io: Io;
  readonly request: PassRequest;
  readonly revision: OpenRevision;
  readonly inventory: Inventory;
  readonly assembly: Assembly;
  readonly settled: Settled;
  readonly fights: FightMemory;
  readonly autoscalers: LiveAutoscalers;
  /** What is there already without our label. */
  readonly strangers: StrangersLook;
  /** What goes along with Namespaces and definitions that may be deleted. */
  readonly inhabitants: ReadonlyMap<string, Inhabitants>;
  /** Services that came late and have their plan by now; what they declare is theirs. */
  readonly joined: Assembled[];
  /** Services that cannot be reconciled, and why. */
  readonly broken: readonly BrokenService[];
  /** Services that left git and are left alone. */
  readonly suspendedGone: readonly SuspendedGone[];
  readonly selected: (id: string) => boolean;
}

/** A service that left git and that somebody suspended. What it owns stays, and stays its own. */
export interface SuspendedGone {
  readonly service: string;
  /**
   * `resumed`: people or settings say to leave it alone, as long as they do. `confirmed`: git did, before it left; the word that
   * held it is gone, and only a confirmation lets go what it owns.
   */
  readonly until: "resumed" | "confirmed";
  readonly why: string;
}
