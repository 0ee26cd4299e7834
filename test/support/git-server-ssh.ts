import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";

/** A real sshd on a free loopback port, with keys of its own. */
export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** `ssh://user@127.0.0.1:port`. */
  readonly origin: string;
  /** The private key that it lets in. */
  readonly keyFile: string;
  /** The known_hosts file that has its host key. */
  readonly knownHosts: string;
  close(): Promise<void>;
}

/** sshd wants to be called by its absolute path. Debian and Fedora have it here. */
const SSHD = "/usr/sbin/sshd";

export const hasSshd = existsSync(SSHD);

export async function startSshServer(folder: string): Promise<SshServer> {
  const user = userInfo().username;
  const [hostKey, keyFile] = [makeKey(folder, "host"), makeKey(folder, "client")];
  const port = await freePort();
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, "utf8")}`);
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${keyFile}.pub`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
  ];
  writeFileSync(join(folder, "sshd_config"), `${settings.join("\n")}\n`);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true }); // sshd's own, which an init would make
  const child = spawn(SSHD, ["-D", "-e", "-f", join(folder, "sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  while (!(await answers(port))) if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
  return {
    port,
    user,
    origin: `ssh://${user}@127.0.0.1:${port}`,
    keyFile,
    knownHosts,
    async close() {
      child.kill();
      await ended;
    },
  };
}

export function makeKey(folder: string, name: string): string {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** True when something listens. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
