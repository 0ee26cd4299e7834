import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../src/cli/open-engine.ts";
import { readSettings } from "../../src/cli/settings.ts";
import type { World } from "../../src/cli/world.ts";
import { systemClock } from "../../src/clock.ts";
import { scratch } from "./scripted.ts";

const never = new AbortController().signal;

test("D13 what could not be opened is opened again when it is needed the next time", async () => {
  const cache = scratch();
  const kubeconfig = join(cache.path, "kubeconfig");
  const read = readSettings({ cacheDir: cache.path, kubeconfig, repo: cache.path }, { env: {}, cwd: "/", home: "/" });
  if (!read.ok) throw new Error(JSON.stringify(read.failures));
  const world = { clock: systemClock(), env: {}, home: "/" } as unknown as World;
  const engine = await openEngine(read.value, world, never);
  if (!engine.ok) throw new Error("no engine");
  const scope = () => engine.value.owned("default", never);
  expect(await scope()).toMatchObject({ ok: false, failures: [{ code: "cluster/invalid-kubeconfig" }] });
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
    }),
  );
  expect(await scope()).toMatchObject({ ok: false, failures: [{ code: "cluster/unreachable" }] });
  await engine.value.close();
  cache.free();
});
