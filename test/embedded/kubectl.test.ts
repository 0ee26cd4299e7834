import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createEmbedded, type ServedCluster, serveEmbedded } from "../../src/embedded/index.ts";
import { commands, hasKubectl, type } from "../contract/server/kubectl.ts";

/** kubectl prints what it printed when it talked to a real API server. */
describe.skipIf(!hasKubectl)("kubectl and the embedded cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "embedded-kubectl-"));
  const kubeconfig = join(folder, "kubeconfig");
  const recorded = JSON.parse(readFileSync("fixtures/server/kubectl.json", "utf8")) as readonly unknown[];
  let served: ServedCluster;

  beforeAll(async () => {
    served = await serveEmbedded(createEmbedded({ clock: systemClock(), controllers: "none" }));
    writeFileSync(kubeconfig, served.kubeconfig);
    const apiVersion = "v1";
    await fetch(`${served.url}/api/v1/namespaces`, {
      method: "POST",
      body: JSON.stringify({ apiVersion, kind: "Namespace", metadata: { name: "people" } }),
    });
  });
  afterAll(async () => {
    await served.close();
    rmSync(folder, { recursive: true });
  });

  test.each(commands.map((command, index) => [`${index + 1}: ${command.args.join(" ")}`, command, index] as const))(
    "%s",
    async (_name, command, index) => {
      expect(await type(command, kubeconfig, "people", join(folder, "cache"))).toEqual(recorded[index]);
    },
  );
});
