import { systemClock } from "../../src/clock.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { clusterContract } from "../contract/cluster/contract.ts";

clusterContract("the embedded cluster", async () => createEmbedded({ clock: systemClock(), controllers: "none" }));
