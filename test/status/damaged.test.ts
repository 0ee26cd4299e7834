import { expect, test } from "vitest";
import type { PassOutcome, ServiceOutcome } from "../../src/model/index.ts";
import { nextServices } from "../../src/status/next.ts";

const at = { path: "clusters/dev/web.yaml" };
const web: ServiceOutcome = {
  service: "web",
  state: "synced",
  at,
  built: true,
  steps: [],
  failures: [],
  durationMs: 1,
};
const outcome = (more: Partial<PassOutcome> = {}): PassOutcome => ({
  revision: { ref: "main", commit: "3f2a91c5d0e13f2a91c5d0e13f2a91c5d0e13f2a" },
  services: [web],
  failures: [],
  builds: 1,
  durationMs: 1,
  ...more,
});
const damaged = { services: new Map(), damaged: true };

test.each([
  ["over some services", outcome(), true],
  ["that could not list everything", outcome({ blind: true }), false],
] as const)("what was damaged is not written anew by a pass %s", (_which, passed, some) => {
  expect(nextServices(damaged, passed, { nowMs: 0, some })).toEqual({ services: new Map(), changed: [] });
});

test("a pass that saw everything writes it anew; who cannot be read then counts as suspended by git", () => {
  const unread: ServiceOutcome = { ...web, service: "cart", state: "failed", suspendedInGit: "unknown" };
  const { services } = nextServices(damaged, outcome({ services: [web, unread] }), { nowMs: 0, some: false });
  expect(services.get("web")?.suspendedInGit).toBeUndefined();
  expect(services.get("cart")?.suspendedInGit).toBe(true);
  const whole = nextServices({ services: new Map() }, outcome({ services: [unread] }), { nowMs: 0, some: false });
  expect(whole.services.get("cart")?.suspendedInGit).toBeUndefined();
});

test("A18 what was applied before is not known of whoever is not as git says by the time it is written anew", () => {
  const unread: ServiceOutcome = { ...web, service: "cart", state: "failed", departed: ["main@sha1:1234567"] };
  const { services } = nextServices(damaged, outcome({ services: [web, unread] }), { nowMs: 0, some: false });
  expect(services.get("web")?.departed).toBeUndefined();
  expect(services.get("cart")?.departed).toEqual(["main@sha1:1234567", "(unreadable)"]);
  // It stays so until the service is as git says.
  const before = { services, damaged: false };
  const later = (state: "failed" | "synced") =>
    nextServices(before, outcome({ services: [{ ...web, service: "cart", state }] }), { nowMs: 0, some: false });
  expect(later("failed").services.get("cart")?.departed).toContain("(unreadable)");
  expect(later("synced").services.get("cart")?.departed).toBeUndefined();
});
