import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRecord, recordFile, writeRecord } from "../../src/cli/record.ts";
import { readSettings, type Settings } from "../../src/cli/settings.ts";
import type { World } from "../../src/cli/world.ts";
import { pass, service } from "../report/examples.ts";
import { manualClock } from "../support/manual-clock.ts";
import { scratch } from "./scripted.ts";

let cache: ReturnType<typeof scratch>;
beforeEach(() => {
  cache = scratch();
});
afterEach(() => cache.free());

test.each(["{", "[]", '{"version":1,"services":[null]}', '{"version":1,"services":[{"service":7}]}'])(
  "D28 a record that is damaged is told to who reads it, and written anew by the next pass: %s",
  async (text) => {
    const read = readSettings({ cacheDir: cache.path }, { env: {}, cwd: "/", home: "/" });
    if (!read.ok) throw new Error(JSON.stringify(read.failures));
    const settings: Settings = read.value;
    mkdirSync(dirname(recordFile(settings)), { recursive: true });
    writeFileSync(recordFile(settings), text);
    expect(await readRecord(settings)).toMatchObject({ ok: false, failures: [{ code: "usage/invalid-settings" }] });
    const world = { clock: manualClock() } as unknown as World;
    await writeRecord(settings, pass([service("dev/api", "synced")]), world);
    expect(await readRecord(settings)).toMatchObject({ ok: true, value: { services: [{ service: "dev/api" }] } });
  },
);
