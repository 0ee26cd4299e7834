import { mapping, scalar, setText } from "../fields.ts";
import { type Decoded, object, text } from "../kustomization/decode.ts";
import type { Report } from "../report.ts";
import { newResource, type Resource, type Scopes } from "../resource.ts";

const policyFields = {
  cloud: text,
  kubernetesService: object({ name: text, namespace: text }),
  serviceAccount: object({ name: text, projectId: text }),
};
export const policyShape = object(policyFields);

/** The service account that a Google service account may act as. */
export function makePolicyAccount(
  spec: Decoded<typeof policyFields>,
  scopes: Scopes,
  report: Report,
): Resource | undefined {
  if (spec.cloud !== "gke") {
    return report.fail("build/invalid-generator", spec.at, `cloud is ${spec.cloud ?? "not set"}`, "write cloud: gke");
  }
  const annotations = mapping();
  const { name = "", projectId = "" } = spec.serviceAccount ?? {};
  setText(annotations, "iam.gke.io/gcp-service-account", `${name}@${projectId}.iam.gserviceaccount.com`);
  const metadata = mapping();
  metadata.entries.push({ key: scalar("annotations"), value: annotations });
  setText(metadata, "name", spec.kubernetesService?.name ?? "");
  const namespace = spec.kubernetesService?.namespace ?? "";
  if (namespace !== "") setText(metadata, "namespace", namespace);
  const node = mapping();
  setText(node, "apiVersion", "v1");
  setText(node, "kind", "ServiceAccount");
  node.entries.push({ key: scalar("metadata"), value: metadata });
  return newResource(node, spec.at, scopes);
}
