export { appliedAt } from "./applied.ts";
export { confirm, resume, suspend } from "./change-orders.ts";
export { readEvents, type ToldEvent } from "./events.ts";
export { type ConfirmOrder, type Resumed, trailerProblem } from "./orders.ts";
export type { StatusPlace } from "./place.ts";
export { emptyStanding, readStanding, type Standing } from "./standing.ts";
export { writeStatus } from "./write.ts";
