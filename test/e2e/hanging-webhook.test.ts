import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { configMap } from "../support/monorepo.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** D21: an admission webhook that hangs concerns the objects it guards, and nobody who waits behind them. */
describeWithCluster("an admission webhook that never answers", () => {
  const SERVICES = 60;
  const HUNG = 30;
  const TIMEOUT_SECONDS = 10;
  let fleet: Fleet;
  let webhook: Server;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    fleet = await startFleet({ services: SERVICES, namespaces: 2 });
    webhook = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
    await once(webhook, "listening");
    const { url, ca, token } = fleet.cluster;
    const { status } = await send(`${url}/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`, {
      method: "POST",
      ca,
      token,
      body: {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: "hangs" },
        webhooks: [
          {
            name: "hangs.example.org",
            clientConfig: {
              url: `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
              caBundle: Buffer.from(ca).toString("base64"),
            },
            rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] }],
            objectSelector: { matchLabels: { guarded: "yes" } },
            timeoutSeconds: TIMEOUT_SECONDS,
            failurePolicy: "Fail",
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
          },
        ],
      },
    });
    expect(status).toBe(201);
    // The first in the queue hang: every second service, which is half of all.
    const guarded = fleet.monorepo.services.slice(0, HUNG).map(({ folder, name }) => {
      const labelled = configMap(name, "1.0.0").replace(
        `  name: ${name}\n`,
        `  name: ${name}\n  labels: {guarded: "yes"}\n`,
      );
      return [`${folder}/configmap.yaml`, labelled] as const;
    });
    await fleet.monorepo.commit(Object.fromEntries(guarded), "guard");
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    webhook?.close();
    await fleet?.close();
  });

  test("D21 fails the services whose objects it guards; the others are through before it times out once", async () => {
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(1);
    const hung = new Set(fleet.monorepo.services.slice(0, HUNG).map(({ id }) => id));
    for (const { service, state, failures } of pass.services) {
      if (!hung.has(service)) expect(`${service} ${state}`).toBe(`${service} synced`);
      else expect(failures.map((failure) => failure.code)).toEqual(["apply/webhook"]);
    }
    // The API server logs a request when it is done with it.
    const refused = writes.findIndex(({ responseStatus }) => (responseStatus?.code ?? 0) >= 400);
    const namesOfHung = new Set(fleet.monorepo.services.slice(0, HUNG).map(({ name }) => name));
    const healthyAfter = writes.slice(refused).filter(({ objectRef }) => !namesOfHung.has(objectRef?.name ?? ""));
    expect(refused).toBeGreaterThan(0);
    expect(healthyAfter).toEqual([]);
  });
});
