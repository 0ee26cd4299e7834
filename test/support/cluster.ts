import {
  closeSync,
  cpSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBinaries, type Program } from "../cluster-lab/binaries.ts";
import { type LabFiles, USERS, type User, writeLabFiles } from "../cluster-lab/config-files.ts";
import { readyAt } from "../cluster-lab/first-objects.ts";
import { launch, readLab, shutDown, startAgain } from "../cluster-lab/launch.ts";
import { isAlive, isStopped, signalProcess, startMark, until } from "../cluster-lab/process-record.ts";

const FOLDER = "gitops-cluster-";
const LIMIT_MS = 60_000;

/** One line of the API server's audit log, as far as tests look at it. */
export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly stage: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number; readonly reason?: string; readonly message?: string };
}

/** A place in the audit log. */
type AuditMark = number;

interface AuditQuery {
  readonly since?: AuditMark;
  /** Reads too; else writes only. */
  readonly reads?: boolean;
  /** Only requests whose User-Agent begins so. */
  readonly userAgent?: string;
}

/** A running control plane, for tests. */
export interface TestCluster {
  readonly dir: string;
  readonly kubeconfigPath: string;
  readonly url: string;
  /** PEM of the certificate that signs the server's. */
  readonly ca: string;
  /** PEM files of the server's certificate and key: what a proxy in front of it presents. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Bearer token of a system:masters user. */
  readonly token: string;
  readonly tokenOf: (user: User) => string;
  mark(): AuditMark;
  /** What the server logged. An event is there before its answer has been read to the end. */
  audit(query?: AuditQuery): readonly AuditEvent[];
  /** `kill -9`; returns when the process is gone. */
  killApiServer(): Promise<void>;
  /** Starts a killed API server on the same port; returns when it is ready. */
  startApiServer(): Promise<void>;
  /** `SIGSTOP`; returns when every thread of it stands still. */
  pauseApiServer(): Promise<void>;
  resumeApiServer(): void;
  /** Backs up what etcd holds. Answers how to restore it, as the only thing that happened since; each restarts the API server. */
  backUp(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** Starts a cluster for one test file. It ends with `stop`, or when a later start finds that its starter has died. */
export async function startCluster(options: { readonly rollouts?: boolean } = {}): Promise<TestCluster> {
  await sweep();
  const rollouts = options.rollouts === true;
  const binaries = await findBinaries(rollouts, (line) => console.error(line));
  if (!binaries.found) throw new Error(binaries.why);
  const dir = mkdtempSync(join(tmpdir(), FOLDER));
  await launch(dir, binaries, rollouts, { pid: process.pid, started: startMark(process.pid) ?? "" });
  return openCluster(dir);
}

/** The cluster that runs in a folder. */
export function openCluster(dir: string): TestCluster {
  const lab = readLab(dir);
  if (lab === undefined) throw new Error(`${dir}: no cluster was started there`);
  const files: LabFiles = writeLabFiles(dir);
  const pem = (name: string): string => readFileSync(join(files.certificates, name), "utf8");
  const process = (name: Program) => {
    const found = readLab(dir)?.processes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${dir}: no ${name} was started there`);
    return found;
  };
  const killApiServer = async (): Promise<void> => {
    const server = process("kube-apiserver");
    signalProcess(server, "SIGKILL");
    // Its threads may hold the port for a moment after the process counts as ended.
    const gone = async (): Promise<boolean> => !isAlive(server) && (await refuses(Number(new URL(lab.url).port)));
    if (!(await until(gone, LIMIT_MS))) throw new Error("the API server would not die");
  };
  const startApiServer = async (): Promise<void> => {
    startAgain(dir, "kube-apiserver");
    if (!(await until(() => readyAt(lab.url, files), LIMIT_MS))) throw new Error("the API server did not come back");
  };
  /** Copies etcd's folder while nobody writes there. */
  const copyData = async (from: string, to: string): Promise<void> => {
    await killApiServer();
    const etcd = process("etcd");
    signalProcess(etcd, "SIGKILL");
    if (!(await until(async () => !isAlive(etcd), LIMIT_MS))) throw new Error("etcd would not die");
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
    startAgain(dir, "etcd");
    await startApiServer();
  };
  return {
    dir,
    kubeconfigPath: files.kubeconfig,
    url: lab.url,
    ca: pem("apiserver.crt"),
    certificate: { cert: pem("apiserver.crt"), key: pem("apiserver.key") },
    token: files.tokenOf(USERS[0]),
    tokenOf: files.tokenOf,
    mark: () => statSync(files.auditLog).size,
    audit: (query = {}) => readAudit(files.auditLog, query),
    killApiServer,
    startApiServer,
    async backUp() {
      const [data, backup] = [join(dir, "etcd"), join(dir, "etcd-backup")];
      await copyData(data, backup);
      return () => copyData(backup, data);
    },
    async pauseApiServer() {
      const server = process("kube-apiserver");
      signalProcess(server, "SIGSTOP");
      if (!(await until(() => isStopped(server), LIMIT_MS))) throw new Error("the API server would not stand still");
    },
    resumeApiServer: () => signalProcess(process("kube-apiserver"), "SIGCONT"),
    async stop() {
      await shutDown(dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const READS: ReadonlySet<string> = new Set(["get", "list", "watch"]);

function readAudit(file: string, query: AuditQuery): readonly AuditEvent[] {
  return textFrom(file, query.since ?? 0)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ verb, userAgent }) => {
      if (query.reads !== true && READS.has(verb)) return false;
      return query.userAgent === undefined || userAgent?.startsWith(query.userAgent) === true;
    });
}

/** The whole lines from an offset on; the last one may be just being written. */
function textFrom(file: string, offset: number): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(fstatSync(descriptor).size - offset);
    const length = readSync(descriptor, bytes, 0, bytes.length, offset);
    const text = bytes.toString("utf8", 0, length);
    return text.slice(0, text.lastIndexOf("\n") + 1);
  } finally {
    closeSync(descriptor);
  }
}

/** True when nothing listens on a local port. */
function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.on("connect", () => answer(false));
    socket.on("error", (error) => answer("code" in error && error.code === "ECONNREFUSED"));
  });
}

/** Ends clusters whose starter died before it could. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER))) {
    const dir = join(tmpdir(), name);
    const owner = existsSync(dir) ? readLab(dir)?.owner : undefined;
    if (owner !== undefined && !isAlive(owner)) {
      await shutDown(dir);
      rmSync(dir, { recursive: true, force: true });
    }
  }
}
