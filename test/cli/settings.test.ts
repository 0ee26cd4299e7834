import { describe, expect, test } from "vitest";
import { FLAGS, type FlagName, variableOf } from "../../src/cli/flags.ts";
import { type Given, readSettings, type Settings } from "../../src/cli/settings.ts";
import { breakerWith } from "../../src/plan/index.ts";

function read(given: Given = {}, env: Readonly<Record<string, string>> = {}): Settings {
  const settings = readSettings(given, { env, cwd: "/work", home: "/home/me" });
  if (!settings.ok) throw new Error(settings.failures.map(({ message }) => message).join("; "));
  return settings.value;
}

function refused(given: Given, env: Readonly<Record<string, string>> = {}): string {
  const settings = readSettings(given, { env, cwd: "/work", home: "/home/me" });
  return settings.ok ? "" : settings.failures.map(({ message }) => message).join("; ");
}

describe("flags and environment", () => {
  test("tools to take over from, by themselves, in a list, or all of them", () => {
    expect(read().adopt).toEqual([]);
    expect(read({ adopt: ["helm", "flux"] }).adopt).toEqual(["flux", "helm"]);
    expect(read({ adopt: ["argo, kapp"] }).adopt).toEqual(["argo", "kapp"]);
    expect(read({}, { GITOPS_ADOPT: "all" }).adopt).toEqual(["flux", "helm", "argo", "kapp"]);
  });

  test("what is no glob over services is refused", () => {
    expect(refused({ service: [""] })).toBe("--service: an empty text names no service");
    expect(refused({ service: ["!a"] })).toContain("says only what is left out");
    expect(refused({}, { GITOPS_SERVICE: "*a*a*a*a*a*b" })).toContain("GITOPS_SERVICE");
    expect(refused({ service: ["a".repeat(300)] })).toContain("longer than any id");
    expect(read({ service: ["payments/*", "[", "{a,b}"] }).services).toHaveLength(3);
  });

  test("a flag wins over its variable, its variable over the default", () => {
    expect(read().ref).toBe("HEAD");
    expect(read({}, { GITOPS_REF: "main" }).ref).toBe("main");
    expect(read({ ref: "next" }, { GITOPS_REF: "main" }).ref).toBe("next");
    expect(read({}, { GITOPS_REF: "" }).ref).toBe("HEAD");
  });

  test("every flag can be given by its variable", () => {
    const values: Partial<Record<FlagName, string>> = {
      maxDeleteShare: "10%",
      maxRunDeleteShare: "10",
      maxGoneShare: "10%",
      output: "json",
      listen: "127.0.0.1:9",
      confirm: "0123456",
      adopt: "helm,argo",
      cluster: "embedded:state.json",
      gitTokenEnv: "TOKEN",
    };
    const kinds = {
      text: "x",
      list: "a,b",
      count: "7",
      duration: "7s",
      switch: "true",
      percent: "10%",
      output: "json",
      address: "h:1",
    };
    const login: readonly FlagName[] = ["gitTokenFile", "gitTokenEnv", "sshKey", "gitCredentialHelper"];
    const without = readSettings({}, { env: {}, cwd: "/work", home: "/home/me" });
    for (const name of Object.keys(FLAGS) as FlagName[]) {
      if (name === "knownHosts" || name === "gitUsername") continue; // they say something only beside another
      const env = { [variableOf(FLAGS[name])]: values[name] ?? kinds[FLAGS[name].kind], TOKEN: "t" };
      expect(readSettings({}, { env, cwd: "/work", home: "/home/me" }), name).not.toEqual(without);
    }
    expect(
      login.map((name) => read({}, { [variableOf(FLAGS[name])]: values[name] ?? "true", TOKEN: "t" }).credentials.from),
    ).toEqual(["file", "value", "ssh-key", "helper"]);
  });

  test("a list of services in the environment that names none is refused: it would be taken for all", () => {
    for (const list of [",", " , ,", " "]) {
      const settings = readSettings({}, { env: { GITOPS_SERVICE: list }, cwd: "/work", home: "/home/me" });
      expect(settings).toMatchObject({ ok: false, failures: [{ message: expect.stringContaining("GITOPS_SERVICE") }] });
    }
    expect(read({}, { GITOPS_SERVICE: "" }).services).toEqual([]);
    expect(read({}, { GITOPS_SERVICE: "a,,b," }).services).toEqual(["a", "b"]);
  });

  test("files for ssh, which runs elsewhere, count from the working directory", () => {
    const files = (given: Parameters<typeof read>[0]): unknown => read(given).credentials;
    expect(files({ sshKey: "./key", knownHosts: "../hosts" })).toEqual({
      from: "ssh-key",
      keyFile: "/work/key",
      knownHosts: "/hosts",
    });
    expect(files({ sshKey: "~/.ssh/deploy", knownHosts: "/etc/hosts" })).toMatchObject({
      keyFile: "~/.ssh/deploy",
      knownHosts: "/etc/hosts",
    });
    expect(files({ gitTokenFile: "token" })).toMatchObject({ path: "/work/token" });
  });

  test("switches take true and false", () => {
    expect(read({}, { GITOPS_ALLOW_HTTP: "0" }).allowHttp).toBe(false);
    expect(read({}, { GITOPS_ALLOW_HTTP: "True" }).allowHttp).toBe(true);
    expect(refused({}, { GITOPS_ALLOW_HTTP: "maybe" })).toContain("GITOPS_ALLOW_HTTP");
  });

  test("services may be listed in the variable", () => {
    expect(read({}, { GITOPS_SERVICE: "a/*, b" }).services).toEqual(["a/*", "b"]);
    expect(read({ service: ["c"] }, { GITOPS_SERVICE: "a/*" }).services).toEqual(["c"]);
  });
});

describe("what follows from what", () => {
  test("the scope is the path, so that two paths of a repository do not touch each other's objects", () => {
    expect(read().scope).toBe("default");
    expect(read({ path: "./clusters/dev/" })).toMatchObject({ path: "clusters/dev", scope: "clusters/dev" });
    expect(read({ path: "clusters/dev", scope: "mine" }).scope).toBe("mine");
  });

  test("the cache is where the system says that caches are", () => {
    expect(read().cacheDir).toBe("/home/me/.cache/gitops");
    expect(read({}, { XDG_CACHE_HOME: "/var/cache" }).cacheDir).toBe("/var/cache/gitops");
    expect(read({}, { XDG_CACHE_HOME: "relative" }).cacheDir).toBe("/home/me/.cache/gitops");
    expect(read({ cacheDir: "here" }).cacheDir).toBe("/work/here");
  });

  test("a relative folder is one of the working directory; what may be a URL is left as it is", () => {
    expect(read().repo).toBe("/work");
    expect(read({ repo: "../releases" }).repo).toBe("/releases");
    expect(read({ repo: "git@example.org:acme/releases" }).repo).toBe("git@example.org:acme/releases");
  });

  test("a token in GITOPS_GIT_TOKEN is used", () => {
    expect(read({}, { GITOPS_GIT_TOKEN: "t" }).credentials).toEqual({ from: "value", password: "t" });
    expect(
      read({ gitTokenEnv: "MINE", gitUsername: "me" }, { MINE: "t", GITOPS_GIT_TOKEN: "other" }).credentials,
    ).toEqual({
      from: "value",
      username: "me",
      password: "t",
    });
  });

  test("limits of deletes are what is given and no more, so that the repository's settings say the rest", () => {
    expect(read().breaker).toEqual({ service: {}, run: {}, gone: {} });
    const given = read({ maxDeletes: "0", maxRunDeleteShare: "15%" }, { GITOPS_MAX_GONE_SERVICES: "2" });
    expect(given.breaker).toEqual({ service: { max: 0 }, run: { share: 0.15 }, gone: { max: 2 } });
    expect(breakerWith(given.breaker).service).toMatchObject({ free: 0, max: 0 });
    const none = read({ maxDeleteShare: "0", maxRunDeleteShare: "0%", maxGoneShare: "1%" });
    expect(none.breaker).toEqual({ service: { free: 0, share: 0 }, run: { free: 0, share: 0 }, gone: { share: 0.01 } });
  });
});

test("the cluster may be one inside the process", () => {
  expect(read().cluster).toEqual({ kind: "kubeconfig" });
  expect(read({ cluster: "empty" }).cluster).toEqual({ kind: "empty" });
  expect(read({ cluster: "embedded:state.json" }).cluster).toEqual({ kind: "embedded", file: "/work/state.json" });
  expect(refused({ cluster: "minikube" })).toContain("--cluster");
});

describe("what is refused", () => {
  test.each<[Given, string]>([
    [{ path: "/abs" }, "--path"],
    [{ path: "a/../../b" }, "--path"],
    [{ adopt: ["spinnaker"] }, "--adopt"],
    [{ confirm: "HEAD" }, "--confirm"],
    [{ confirm: "abc" }, "--confirm"],
    [{ concurrency: "1e3" }, "--concurrency"],
    [{ concurrency: "257" }, "--concurrency"],
    [{ timeout: "10" }, "--timeout"],
    [{ timeout: "0s" }, "--timeout"],
    [{ listen: "8080" }, "--listen"],
    [{ listen: "h:70000" }, "--listen"],
    [{ maxGoneShare: "-1%" }, "--max-gone-share"],
    [{ output: "xml" }, "--output"],
    [{ gitTokenEnv: "NOT_SET" }, "NOT_SET"],
    [{ gitTokenFile: "a", sshKey: "b" }, "more than one way"],
  ])("%j", (given, named) => {
    expect(refused(given)).toContain(named);
  });
});
