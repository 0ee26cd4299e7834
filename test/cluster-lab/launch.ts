import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Binaries, Program } from "./binaries.ts";
import { kubeconfigText, type LabFiles, readmeText, writeLabFiles } from "./config-files.ts";
import { addSimulatedNode, bindViewer, readyAt } from "./first-objects.ts";
import { endProcess, isAlive, type ProcessRecord, startDetached, until } from "./process-record.ts";

/** How long a control plane may take to answer /readyz: a loaded machine needs many times the usual three seconds. */
const READY_MS = 120_000;
const GRACE_MS = 5_000;

export interface Lab {
  readonly url: string;
  readonly rollouts: boolean;
  readonly processes: readonly ProcessRecord[];
  /** Who started it, when it is to end with its starter. */
  readonly owner?: { readonly pid: number; readonly started: string };
}

type Found = Extract<Binaries, { found: true }>;

/**
 * Starts a control plane in `dir` and returns when it is ready. A failed start leaves no process behind and is tried
 * again on other ports when a port was taken in between.
 */
export async function launch(dir: string, binaries: Found, rollouts: boolean, owner?: Lab["owner"]): Promise<Lab> {
  mkdirSync(dir, { recursive: true });
  const running = readLab(dir)?.processes.filter(isAlive) ?? [];
  if (running.length > 0) throw new Error(`${dir}: a cluster is already running there`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(dir, binaries, rollouts, owner);
    } catch (error) {
      await shutDown(dir);
      if (attempt === 3 || !/address already in use/.test(tail(dir))) throw error;
    }
  }
}

async function start(dir: string, binaries: Found, rollouts: boolean, owner: Lab["owner"]): Promise<Lab> {
  rmSync(join(dir, "etcd"), { recursive: true, force: true });
  const files = writeLabFiles(dir);
  const [client = 0, peer = 0, secure = 0, ...others] = await freePorts(6);
  const url = `https://127.0.0.1:${secure}`;
  const processes: ProcessRecord[] = [];
  const run = (program: Program, args: readonly string[]): void => {
    const log = join(dir, `${program}.out`);
    processes.push(startDetached(program, [binaries.path(program), ...args], log));
    record(dir, { url, rollouts, processes, ...(owner === undefined ? {} : { owner }) });
  };
  run("etcd", etcdFlags(dir, client, peer));
  run("kube-apiserver", apiServerFlags(files, client, secure));
  const ready = await until(async () => {
    const dead = processes.find((process) => !isAlive(process));
    if (dead !== undefined) throw new Error(`${dead.name} ended at once:\n${tail(dir)}`);
    return await readyAt(url, files);
  }, READY_MS);
  if (!ready) throw new Error(`the API server was not ready within ${READY_MS / 1000} s:\n${tail(dir)}`);
  const ca = readFileSync(join(files.certificates, "apiserver.crt"), "utf8");
  writeFileSync(files.kubeconfig, kubeconfigText(url, ca, files.tokenOf), { mode: 0o600 });
  writeFileSync(files.readme, readmeText(url, rollouts));
  await bindViewer(url, files);
  if (rollouts) {
    run("kube-controller-manager", controllerManagerFlags(files, others[0] ?? 0));
    run("kube-scheduler", [
      `--kubeconfig=${files.kubeconfig}`,
      "--leader-elect=false",
      `--secure-port=${others[1] ?? 0}`,
    ]);
    run("kwok", kwokFlags(files, binaries, others[2] ?? 0));
    await addSimulatedNode(url, files, READY_MS);
  }
  return { url, rollouts, processes, ...(owner === undefined ? {} : { owner }) };
}

/** Ends what was started in `dir`, and nothing else; true when something was running. */
export async function shutDown(dir: string): Promise<boolean> {
  const running = (readLab(dir)?.processes ?? []).filter(isAlive);
  // The API server goes before etcd: without it, it would wait for it until the grace is over.
  for (const process of [...running].reverse()) await endProcess(process, GRACE_MS);
  rmSync(join(dir, "processes.json"), { force: true });
  return running.length > 0;
}

export function readLab(dir: string): Lab | undefined {
  const file = join(dir, "processes.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Lab) : undefined;
}

/** Starts one of a cluster's programs again, as it was started before, once it has ended. */
export function startAgain(dir: string, name: Program): void {
  const lab = readLab(dir);
  const old = lab?.processes.find((process) => process.name === name);
  if (lab === undefined || old === undefined) throw new Error(`${dir}: no ${name} was started there`);
  const next = startDetached(name, old.command, join(dir, `${name}.out`));
  record(dir, { ...lab, processes: lab.processes.map((process) => (process === old ? next : process)) });
}

function record(dir: string, lab: Lab): void {
  writeFileSync(join(dir, "processes.json"), `${JSON.stringify(lab, undefined, 2)}\n`);
}

/** The last lines of what the programs said: the reason of a failed start. */
function tail(dir: string): string {
  return ["etcd", "kube-apiserver"]
    .map((name) => join(dir, `${name}.out`))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8").split("\n").slice(-8).join("\n"))
    .join("\n");
}

/** Ports that are free now, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => {
        server.on("error", reject);
        server.listen(0, "127.0.0.1", () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function etcdFlags(dir: string, client: number, peer: number): readonly string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    "--unsafe-no-fsync", // nothing here outlives the machine
    "--log-level=warn",
  ];
}

function apiServerFlags(files: LabFiles, etcd: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    `--cert-dir=${files.certificates}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=RBAC",
    "--disable-admission-plugins=ServiceAccount", // pods need no service account, which nothing would make here
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    "--audit-log-mode=blocking", // an event is in the file before its answer is complete
    "--audit-log-maxsize=100000", // megabytes; never rotated
    "--shutdown-delay-duration=0s",
  ];
}

function controllerManagerFlags(files: LabFiles, port: number): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    "--leader-elect=false",
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    "--use-service-account-credentials=false",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ];
}

function kwokFlags(files: LabFiles, binaries: Found, port: number): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--config=${binaries.kwokStages}`,
    "--manage-all-nodes=true",
    "--node-lease-duration-seconds=40", // without leases the node counts as lost after a minute
    `--server-address=127.0.0.1:${port}`,
  ];
}
