export type { Hint } from "./hints.ts";
export { type Inventory, isListed, readInventory } from "./inventory.ts";
export { LIVE_DEFAULTS, type Live, type LiveOptions, openLive } from "./live.ts";
export { most } from "./most.ts";
export { isOlder, newest } from "./version.ts";
