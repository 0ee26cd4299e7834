import fc from "fast-check";

/**
 * Properties run on the same cases in every run, so that a run fails only for what was changed. `PROPERTY_SEED=random`, or
 * a number, runs them on others: a failure tells its seed, which shows it again.
 */
const SEED = 20_250_101;
const asked = process.env["PROPERTY_SEED"] ?? "";
const seed = asked === "" ? SEED : Number(asked);

if (asked !== "random" && !Number.isInteger(seed)) throw new Error(`PROPERTY_SEED is a whole number or "random"`);
fc.configureGlobal(asked === "random" ? {} : { seed });
