import { test } from "vitest";
import { AT_ONCE, firstSeeds, LIMIT_MS, playFrom } from "./play.ts";

/** The second thousand: a file of its own, so that both run at once. */
test.each(firstSeeds(1001, 1000))(`no law is broken in ${AT_ONCE} histories from seed %i on`, playFrom, LIMIT_MS);
