import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { gitUser } from "../../src/git/index.ts";

const home = mkdtempSync(join(tmpdir(), "gitops-home-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const signal = new AbortController().signal;
const user = (environment: Readonly<Record<string, string>>) =>
  gitUser({ PATH: process.env["PATH"], ...environment }, systemClock(), signal);

test("somebody is who git says they are: by the environment, else by their own settings, else unknown", async () => {
  expect(await user({ HOME: home })).toBeUndefined();
  writeFileSync(join(home, ".gitconfig"), "[user]\n\tname = Ada Nilsson\n\temail = ada@example.org\n");
  expect(await user({ HOME: home })).toBe("Ada Nilsson <ada@example.org>");
  expect(await user({ HOME: home, GIT_AUTHOR_NAME: "Grace" })).toBe("Grace <ada@example.org>");
  expect(await user({ HOME: home, GIT_AUTHOR_NAME: "Grace", GIT_AUTHOR_EMAIL: "g@example.org" })).toBe(
    "Grace <g@example.org>",
  );
});
