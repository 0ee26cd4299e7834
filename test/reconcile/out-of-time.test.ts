import { expect, test } from "vitest";
import { runPass } from "../../src/reconcile/index.ts";
import { passScene } from "./pass-scene.ts";

test.each([
  ["its time is up", new DOMException("time is up", "TimeoutError"), "reconcile/deadline"],
  ["it is told to stop", new DOMException("stopped by SIGTERM", "AbortError"), "reconcile/interrupted"],
])("a pass in which %s before anything is changed says so", async (_what, reason, code) => {
  const scene = passScene();
  scene.commit({ "app/kustomization.yaml": "resources: []\n" });
  const stop = AbortSignal.abort(reason);
  const outcome = await scene.ask((io, request) => {
    const source = { ...io.source, fetch: () => Promise.reject(reason) };
    return runPass({ ...io, source }, request, () => undefined, stop);
  });
  expect(outcome).toMatchObject({ services: [], failures: [{ code }] });
});
