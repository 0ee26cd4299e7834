/** What git may know of our surroundings; everything else of the environment is withheld from it. */
const PASSED: readonly string[] = [
  ..."PATH HOME USER LOGNAME TMPDIR TEMP SystemRoot SSH_AUTH_SOCK SSL_CERT_FILE SSL_CERT_DIR".split(" "),
  ..."http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY".split(" "),
];

export type Environment = Readonly<Record<string, string>>;

/** The allowed part of the environment that the caller handed in. */
export function allowed(environment: Readonly<Record<string, string | undefined>>): Environment {
  const passed: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  for (const name of PASSED) {
    const value = environment[name];
    if (value !== undefined && value !== "") passed[name] = value;
  }
  return passed;
}

/** For reading objects: no configuration but the repository's own, no network (a missing object is missing), no writes. */
export function readingEnvironment(base: Environment, gitDir: string): Environment {
  return {
    ...base,
    LC_ALL: "C",
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
  };
}

/** For talking to one remote: like reading, with exactly one transport open. */
export function remoteEnvironment(base: Environment, gitDir: string, protocol: string): Environment {
  return {
    ...readingEnvironment(base, gitDir),
    GIT_ALLOW_PROTOCOL: protocol,
    GIT_SSH_VARIANT: "ssh",
    // git's TLS library does not read these two by itself
    ...(base["SSL_CERT_FILE"] === undefined ? {} : { GIT_SSL_CAINFO: base["SSL_CERT_FILE"] }),
    ...(base["SSL_CERT_DIR"] === undefined ? {} : { GIT_SSL_CAPATH: base["SSL_CERT_DIR"] }),
  };
}

/** The ssh command line, which git hands to a shell: every word is quoted. */
export function sshCommand(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
