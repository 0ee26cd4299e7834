export { type Inventory, readInventory } from "./inventory.ts";
