import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who can log in, by token. `admin` may do everything; the others what RBAC grants them, at first nothing but `viewer`. */
export const USERS = ["admin", "viewer", "nobody", "tenant-a", "tenant-b"] as const;
export type User = (typeof USERS)[number];

export interface LabFiles {
  readonly tokens: string;
  readonly tokenOf: (user: User) => string;
  readonly serviceAccountKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly certificates: string;
  readonly kubeconfig: string;
  readonly readme: string;
}

/** Writes what the programs need before they start. A folder that was used before keeps its tokens and keys. */
export function writeLabFiles(dir: string): LabFiles {
  const file = (name: string): string => join(dir, name);
  const once = (name: string, text: () => string): string => {
    if (!existsSync(file(name))) writeFileSync(file(name), text(), { mode: 0o600 });
    return file(name);
  };
  const tokens = once("tokens.csv", () =>
    USERS.map((user) => {
      const groups = user === "admin" ? ',"system:masters"' : "";
      return `${randomBytes(16).toString("hex")},${user},${user}${groups}\n`;
    }).join(""),
  );
  const byUser = new Map(
    readFileSync(tokens, "utf8")
      .split("\n")
      .map((line): [string, string] => [line.split(",")[1] ?? "", line.split(",")[0] ?? ""]),
  );
  return {
    tokens,
    tokenOf: (user) => byUser.get(user) ?? "",
    serviceAccountKey: once("service-account.key", () =>
      generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ type: "pkcs1", format: "pem" })
        .toString(),
    ),
    auditPolicy: once("audit-policy.yaml", () => AUDIT_POLICY),
    auditLog: file("audit.log"),
    certificates: file("certificates"),
    kubeconfig: file("kubeconfig"),
    readme: file("README.md"),
  };
}

/** A kubeconfig with one context for each user, `admin` first. */
export function kubeconfigText(url: string, ca: string, tokenOf: (user: User) => string): string {
  const lines = ["apiVersion: v1", "kind: Config", "current-context: admin", "clusters:", "- name: lab", "  cluster:"];
  lines.push(`    server: ${url}`, `    certificate-authority-data: ${Buffer.from(ca).toString("base64")}`);
  lines.push(
    "contexts:",
    ...USERS.flatMap((u) => [`- name: ${u}`, "  context:", "    cluster: lab", `    user: ${u}`]),
  );
  lines.push("users:", ...USERS.flatMap((u) => [`- name: ${u}`, "  user:", `    token: ${tokenOf(u)}`]));
  return `${lines.join("\n")}\n`;
}

export function readmeText(url: string, rollouts: boolean): string {
  return `# A Kubernetes API server to try things on

${url}, for this machine only. It has${rollouts ? "" : " no"} controller manager${rollouts ? ", a scheduler and a simulated node (KWOK)" : ": a deleted namespace stays Terminating, and nothing rolls out"}.

- \`kubeconfig\`: contexts ${USERS.map((user) => `\`${user}\``).join(", ")}. \`admin\` is in system:masters; \`viewer\` may read
  everything; the others may do nothing until you bind a Role to the user of that name.
- \`tokens.csv\`: their bearer tokens (token,user,uid,groups).
- \`audit.log\`: one JSON event a line for each write by anyone and each read by a user, metadata level.
- \`*.out\`: what the programs said.
- \`processes.json\`: what runs; \`npm run cluster:down -- --dir DIR\` ends exactly that.
`;
}

/** Every write by anyone; reads of users, but not the programs' own. No bodies: they may hold secrets. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
- level: None
  users: ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]
- level: None
  nonResourceURLs: ["/healthz*", "/readyz*", "/livez*"]
- level: Metadata
`;
