import { existsSync } from "node:fs";
import { join } from "node:path";

/** How the way to a cluster is found. */
export type Access =
  | {
      readonly kind: "kubeconfig";
      /** Files merged as kubectl does: the first that sets a value wins. */
      readonly paths: readonly string[];
      /** Overrides the current context. */
      readonly context?: string;
    }
  | { readonly kind: "in-cluster"; readonly server: string };

export interface AccessInput {
  /** --kubeconfig: a single file that must exist. */
  readonly kubeconfig?: string;
  /** --context */
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Separates paths in KUBECONFIG. */
  readonly delimiter: string;
}

/**
 * kubectl's rules: the flag, else KUBECONFIG, else ~/.kube/config, else the pod's service account. A named context always
 * means a kubeconfig. Where there is nothing, the answer is ~/.kube/config, for the message to name it.
 */
export function accessFrom({ kubeconfig, context, env, home, delimiter }: AccessInput): Access {
  const inContext = context === undefined ? {} : { context };
  if (kubeconfig !== undefined) return { kind: "kubeconfig", paths: [kubeconfig], ...inContext };
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (listed.length > 0) {
    const present = listed.filter((path) => existsSync(path)); // kubectl passes over files that are not there
    return { kind: "kubeconfig", paths: present.length > 0 ? present : listed.slice(0, 1), ...inContext };
  }
  const usual = join(home, ".kube", "config");
  const [host, port] = [env["KUBERNETES_SERVICE_HOST"], env["KUBERNETES_SERVICE_PORT"]];
  if (host && port && context === undefined && !existsSync(usual)) {
    return { kind: "in-cluster", server: `https://${host.includes(":") ? `[${host}]` : host}:${port}` };
  }
  return { kind: "kubeconfig", paths: [usual], ...inContext };
}
