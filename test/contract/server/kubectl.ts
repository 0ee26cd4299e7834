import { type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";

export const hasKubectl = spawnSync("kubectl", ["version", "--client"], { encoding: "utf8" }).status === 0;

const web = (replicas: number, image: string): string =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
      },
    },
  });
const settings = (data: Readonly<Record<string, string>>): string =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data });
const value = (path: string): readonly string[] => ["get", "deployment", "web", "-o", `jsonpath={${path}}`];

export interface Command {
  readonly args: readonly string[];
  readonly input?: string;
  readonly editor?: string;
  /** Its text differs from run to run: only that it ends well is compared. */
  readonly exitOnly?: boolean;
}

/** What people type. */
export const commands: readonly Command[] = [
  { args: ["apply", "-f", "-"], input: web(2, "nginx:1") },
  { args: ["apply", "-f", "-"], input: web(2, "nginx:1") },
  { args: ["apply", "-f", "-"], input: web(3, "nginx:1") },
  { args: value(".spec.replicas") },
  { args: value(".spec.template.spec.containers[0].imagePullPolicy") },
  { args: ["get", "deployments", "-o", "name"] },
  { args: ["get", "deployment", "none"] },
  { args: ["describe", "deployment", "web"], exitOnly: true },
  { args: ["explain", "deployment.spec.replicas"], exitOnly: true },
  { args: ["apply", "--server-side", "-f", "-"], input: settings({ a: "1" }) },
  { args: ["apply", "--server-side", "--field-manager=other", "-f", "-"], input: settings({ a: "2" }) },
  {
    args: ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"],
    input: settings({ a: "2" }),
  },
  { args: ["get", "configmap", "settings", "-o", "jsonpath={.data}"] },
  { args: ["apply", "--server-side", "-f", "-"], input: web(3, "nginx:1") },
  { args: ["edit", "deployment", "web"], editor: "sed -i s/nginx:1/nginx:2/" },
  { args: value(".spec.template.spec.containers[0].image") },
  { args: ["edit", "deployment", "web"], editor: "true" },
  { args: ["scale", "deployment", "web", "--replicas=5"] },
  { args: value(".spec.replicas") },
  { args: ["label", "deployment", "web", "tier=front"] },
  { args: ["annotate", "deployment", "web", "note=x"] },
  { args: ["set", "image", "deployment/web", "web=nginx:3"] },
  { args: ["patch", "deployment", "web", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":1}]'] },
  { args: ["patch", "configmap", "settings", "-p", '{"data":{"b":"1"}}'] },
  { args: ["get", "deployments", "-l", "tier=front", "-o", "jsonpath={.items[*].metadata.name}"] },
  { args: ["wait", "deployment/web", "--for=jsonpath={.spec.replicas}=1", "--timeout=10s"] },
  { args: ["apply", "-f", "-"], input: web(-1, "nginx:1") },
  { args: ["apply", "-f", "-"], input: web(2, "nginx:1").replace("replicas", "replica") },
  { args: ["apply", "--dry-run=server", "-f", "-"], input: web(4, "nginx:1") },
  { args: ["diff", "-f", "-"], input: settings({ a: "2", b: "1" }) },
  { args: ["delete", "deployment", "web", "--wait=true", "--timeout=10s"] },
  { args: ["delete", "deployment", "web"] },
  { args: ["delete", "configmap", "--all"] },
];

/** Types one command; its exit code and what it printed, without what differs from run to run. */
export async function type(
  command: Command,
  kubeconfig: string,
  ns: string,
  cache: string,
): Promise<{ readonly args: string; readonly code: number; readonly text?: string }> {
  const args = ["--kubeconfig", kubeconfig, "--cache-dir", cache, "-n", ns, ...command.args];
  const options: SpawnSyncOptions = { env: { ...process.env, EDITOR: command.editor ?? "true", KUBE_EDITOR: "" } };
  const { code, text } = await run(args, command.input ?? "", options);
  const shown = text
    .replaceAll(ns, "$ns")
    .replace(/Invalid value: ".*": strict/gs, "Invalid value: what was sent: strict")
    .replace(new RegExp(`${tmpdir()}/\\S+`, "g"), "FILE")
    .replace(/https?:\/\/127\.0\.0\.1:\d+/g, "SERVER");
  return { args: command.args.join(" "), code, ...(command.exitOnly === true ? {} : { text: shown }) };
}

function run(
  args: readonly string[],
  input: string,
  options: SpawnSyncOptions,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("kubectl", [...args], { env: options.env });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, text }));
    child.stdin.end(input);
  });
}
