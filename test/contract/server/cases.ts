import { applyCases } from "./apply-cases.ts";
import { deleteCases } from "./delete-cases.ts";
import { kindCases } from "./kind-cases.ts";
import { mergeCases } from "./merge-cases.ts";
import { readCases } from "./read-cases.ts";
import { refusalCases } from "./refusal-cases.ts";
import type { Case } from "./transcript.ts";
import { writeCases } from "./write-cases.ts";

/** What an API server answers, case by case. `fixtures/server/PART.json` holds what a real one did. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  apply: [...applyCases, ...mergeCases],
  write: [...writeCases, ...deleteCases],
  kinds: kindCases,
  refusals: refusalCases,
  read: readCases,
};

export const fixtureOf = (part: string): string => `fixtures/server/${part}.json`;
