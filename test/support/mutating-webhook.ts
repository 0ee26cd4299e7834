import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestCluster } from "./cluster.ts";
import { send } from "./https.ts";

interface Reviewed {
  readonly metadata: { readonly name: string };
}

/** A mutating admission webhook that changes ConfigMaps of one namespace with JSON patches. */
export interface Mutator {
  /** How often it was asked, dry runs left out. */
  asked(): number;
  close(): Promise<void>;
}

export async function startMutator(
  { url, ca, token, certificate }: TestCluster,
  namespace: string,
  patchOf: (object: Reviewed) => readonly unknown[],
): Promise<Mutator> {
  const state = { asked: 0 };
  const server = createServer(certificate, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const review = JSON.parse(body) as { request: { uid: string; object: Reviewed; dryRun?: boolean } };
      const { uid, object, dryRun } = review.request;
      if (dryRun !== true) state.asked += 1;
      const patch = Buffer.from(JSON.stringify(patchOf(object))).toString("base64");
      const answer = { uid, allowed: true, patchType: "JSONPatch", patch };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: answer }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
  const configured = await send(`${url}${path}`, {
    method: "POST",
    ca,
    token,
    body: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: `mutates-${namespace}` },
      webhooks: [
        {
          name: "mutates.example.org",
          clientConfig: {
            url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(ca).toString("base64"),
          },
          rules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] },
          ],
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          failurePolicy: "Fail",
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    },
  });
  if (configured.status !== 201) throw new Error(`the webhook was not taken: ${configured.body}`);
  return {
    asked: () => state.asked,
    async close() {
      await send(`${url}${path}/mutates-${namespace}`, { method: "DELETE", ca, token });
      server.closeAllConnections();
      server.close();
    },
  };
}
