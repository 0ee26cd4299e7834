import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessFrom } from "../../src/cluster/access.ts";
import { credentialsOf } from "../../src/cluster/credentials.ts";
import { readContext } from "../../src/cluster/kubeconfig.ts";

const home = mkdtempSync(join(tmpdir(), "gitops-access-"));
const bare = join(home, "bare");
const file = (name: string): string => join(home, name);
const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

beforeAll(() => {
  mkdirSync(join(home, ".kube"));
  mkdirSync(bare);
  for (const name of ["a", "b", ".kube/config"]) writeFileSync(file(name), "{}");
});
afterAll(() => rmSync(home, { recursive: true }));

describe("where the cluster is looked for", () => {
  const from = (input: Partial<Parameters<typeof accessFrom>[0]>) =>
    accessFrom({ env: {}, home, delimiter: ":", ...input });

  test("the flag wins over everything", () => {
    const env = { KUBECONFIG: file("a"), ...pod };
    expect(from({ kubeconfig: "/x", env })).toEqual({ kind: "kubeconfig", paths: ["/x"] });
  });

  test("then the files of KUBECONFIG that are there, in order", () => {
    const env = { KUBECONFIG: `${file("b")}:${file("missing")}::${file("a")}` };
    expect(from({ env })).toEqual({ kind: "kubeconfig", paths: [file("b"), file("a")] });
    expect(from({ env: { KUBECONFIG: "/missing" } })).toEqual({ kind: "kubeconfig", paths: ["/missing"] });
  });

  test("then ~/.kube/config, even in a pod", () => {
    expect(from({ env: pod })).toEqual({ kind: "kubeconfig", paths: [file(".kube/config")] });
  });

  test("then the pod's service account, unless a context is named", () => {
    expect(from({ home: bare, env: pod })).toEqual({ kind: "in-cluster", server: "https://10.0.0.1:443" });
    const ipv6 = { ...pod, KUBERNETES_SERVICE_HOST: "fd00::1" };
    expect(from({ home: bare, env: ipv6 })).toEqual({ kind: "in-cluster", server: "https://[fd00::1]:443" });
    const named = from({ home: bare, env: pod, context: "prod" });
    expect(named).toEqual({ kind: "kubeconfig", paths: [join(bare, ".kube/config")], context: "prod" });
  });
});

const config = (name: string, more: object): object => ({
  "current-context": name,
  clusters: [
    { name, cluster: { server: `https://${name}.example.test:6443/base`, "certificate-authority": `${name}.crt` } },
  ],
  contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
  users: [{ name, user: more }],
});

describe("a kubeconfig", () => {
  const write = (name: string, value: object): string => {
    writeFileSync(file(name), JSON.stringify(value));
    return file(name);
  };

  test("is read for its current context, or the one that is named", async () => {
    const paths = [write("one", config("one", {})), write("two", config("two", {}))];
    expect(await readContext({ kind: "kubeconfig", paths })).toMatchObject({
      ok: true,
      value: { name: "one", server: { href: "https://one.example.test:6443/base" }, namespace: "one-ns" },
    });
    expect(await readContext({ kind: "kubeconfig", paths, context: "two" })).toMatchObject({
      ok: true,
      value: { name: "two", cluster: { "certificate-authority": file("two.crt") } },
    });
  });

  test("that names the same thing as an earlier one adds nothing to it", async () => {
    const paths = [
      write("first", config("same", { token: "first" })),
      write("second", config("same", { token: "second" })),
    ];
    expect(await readContext({ kind: "kubeconfig", paths })).toMatchObject({ value: { user: { token: "first" } } });
  });

  const broken: readonly (readonly [string, object | string, RegExp])[] = [
    ["missing", "", /does not exist$/],
    ["no YAML", "a: [secret-token", /is not valid YAML$/],
    ["no mapping", "- a", /is no kubeconfig$/],
    ["no current context", {}, /no current context$/],
    ["an unknown context", { "current-context": "x" }, /no context "x"$/],
    ["an unknown cluster", { ...config("x", {}), clusters: [] }, /names cluster "x", which is not there$/],
    ["an unknown user", { ...config("x", {}), users: [] }, /names user "x", which is not there$/],
    [
      "no server",
      { ...config("x", {}), clusters: [{ name: "x", cluster: { server: "ftp://x" } }] },
      /no usable server URL$/,
    ],
  ];
  test.each(broken)("is refused with what is wrong: %s", async (what, value, message) => {
    const path = file(`broken-${what.replaceAll(" ", "-")}`);
    if (value !== "") writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
    const result = await readContext({ kind: "kubeconfig", paths: [path] });
    expect(result).toMatchObject({ ok: false, failures: [{ code: "cluster/invalid-kubeconfig" }] });
    expect(result.ok ? "" : result.failures[0]?.message).toMatch(message);
    expect(JSON.stringify(result)).not.toContain("secret-token");
  });
});

describe("credentials", () => {
  const read = async (user: object, cluster: object = {}) => {
    const value = {
      ...config("x", user),
      clusters: [{ name: "x", cluster: { server: "https://x.example.test", ...cluster } }],
    };
    writeFileSync(file("x"), JSON.stringify(value));
    const context = await readContext({ kind: "kubeconfig", paths: [file("x")] });
    if (!context.ok) throw new Error(JSON.stringify(context));
    return credentialsOf(context.value);
  };
  const headers = async (user: object) => {
    const credentials = await (await read(user))(false);
    return credentials.ok ? credentials.value.headers : credentials.failures;
  };
  const plugin = (script: string, more: object = {}) => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: ["-e", script], ...more },
  });
  const credential = (status: object) =>
    `console.log(${JSON.stringify(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status }))})`;

  test("a token, basic credentials, an impersonated user", async () => {
    expect(await headers({ token: "t" })).toEqual({ authorization: "Bearer t" });
    expect(await headers({ username: "u", password: "p" })).toEqual({ authorization: "Basic dTpw" });
    expect(await headers({ token: "t", as: "someone", "as-groups": ["a", "b"] })).toEqual({
      authorization: "Bearer t",
      "impersonate-user": "someone",
      "impersonate-group": ["a", "b"],
    });
  });

  test("a token file is relative to its kubeconfig, wins over a token, and is read each time", async () => {
    writeFileSync(file("token"), "first\n");
    const again = await read({ tokenFile: "token", token: "other" });
    expect(await again(false)).toMatchObject({ value: { headers: { authorization: "Bearer first" } } });
    writeFileSync(file("token"), "second\n");
    expect(await again(false)).toMatchObject({ value: { headers: { authorization: "Bearer second" } } });
  });

  test("certificates come from data or files; TLS settings are kept", async () => {
    writeFileSync(file("client.crt"), "CERT");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const user = { "client-certificate": "client.crt", "client-key-data": base64("KEY") };
    const cluster = { "certificate-authority-data": base64("CA"), "tls-server-name": "other.example.test" };
    const tls = {
      ca: Buffer.from("CA"),
      cert: Buffer.from("CERT"),
      key: Buffer.from("KEY"),
      servername: "other.example.test",
    };
    expect(await (await read(user, cluster))(false)).toEqual({ ok: true, value: { headers: {}, tls } });
    const insecure = await (await read({}, { "insecure-skip-tls-verify": true }))(false);
    expect(insecure).toEqual({ ok: true, value: { headers: {}, tls: { rejectUnauthorized: false } } });
  });

  test("a plugin's token and certificate are used", async () => {
    const status = { token: "from-plugin", clientCertificateData: "CERT", clientKeyData: "KEY" };
    expect(await (await read(plugin(credential(status))))(false)).toEqual({
      ok: true,
      value: { headers: { authorization: "Bearer from-plugin" }, tls: { cert: "CERT", key: "KEY" } },
    });
  });

  test("a plugin is not asked again before its answer expires, unless the server refused it", async () => {
    const count = file("asked");
    const [past, future] = ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"];
    const script = (expirationTimestamp: string) =>
      `require("node:fs").appendFileSync(${JSON.stringify(count)}, "x"); ${credential({ token: "t", expirationTimestamp })}`;
    const asked = async (expiration: string, refusals: readonly boolean[]) => {
      writeFileSync(count, "");
      const again = await read(plugin(script(expiration)));
      for (const refused of refusals) await again(refused);
      return readFileSync(count, "utf8").length;
    };
    expect(await asked(future, [false, false, false])).toBe(1);
    expect(await asked(past, [false, false])).toBe(2);
    expect(await asked(future, [false, true])).toBe(2);
  });

  test("a plugin that fails, and a file that is not there, are failures with the next step", async () => {
    expect(await headers(plugin("console.error('no login'); process.exit(1)"))).toMatchObject([
      {
        code: "cluster/unauthorized",
        message: 'no credentials for context "x": no login',
        remedy: "check that this works: kubectl --context x auth whoami",
      },
    ]);
    expect(await headers({ tokenFile: "/missing/token" })).toMatchObject([{ code: "cluster/unauthorized" }]);
  });
});
