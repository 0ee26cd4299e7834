import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRef } from "../../src/git/ref-name.ts";
import { parseRepository } from "../../src/git/repository.ts";

describe("a repository is given as", () => {
  test.each([
    ["https://git.example.org/lunar/config.git", "https", "https://git.example.org/lunar/config.git"],
    ["HTTPS://Git.Example.ORG:443/lunar/config", "https", "https://git.example.org/lunar/config"],
    ["https://git.example.org:8443/a/b%20c", "https", "https://git.example.org:8443/a/b%20c"],
    ["https://[2001:db8::1]:8443/a", "https", "https://[2001:db8::1]:8443/a"],
    ["http://127.0.0.1:8080/a.git", "http", "http://127.0.0.1:8080/a.git"],
    ["ssh://git@git.example.org:2222/lunar/config.git", "ssh", "ssh://git@git.example.org:2222/lunar/config.git"],
    ["git@git.example.org:lunar/config.git", "ssh", "git@git.example.org:lunar/config.git"],
    ["file:///srv/git/config.git", "file", "file:///srv/git/config.git"],
    ["/srv/git/with a space", "local", "/srv/git/with a space"],
    ["/srv/git/a:b", "local", "/srv/git/a:b"],
  ])("%s", (text, transport, url) => {
    expect(parseRepository(text, true)).toMatchObject({ ok: true, value: { transport, url } });
  });

  test("credentials in a URL are split off, decoded, and in nothing that is shown", () => {
    const parsed = parseRepository("https://ada:s%40cret@git.example.org/a.git", false);
    expect(parsed).toMatchObject({
      value: {
        url: "https://git.example.org/a.git",
        origin: "https://git.example.org",
        user: "ada",
        password: "s@cret",
      },
    });
  });

  test("plain http only when it is allowed", () => {
    expect(parseRepository("http://git.example.org/a", false).ok).toBe(false);
  });

  test.each([
    "",
    "-uecho",
    "--upload-pack=touch x",
    "ext::sh -c 'touch x'",
    "fd::7",
    "ftp://git.example.org/a",
    "git://git.example.org/a",
    "javascript://x/a",
    "https://-oProxyCommand=x/a",
    "https://git.example.org",
    "https://git.example.org/",
    "https:///a",
    "https://git.example.org/a?b=c",
    "https://git.example.org/a#b",
    "https://git.example.org/a/../b",
    "https://git.example.org/a b",
    "https://git.example.org:99999999/a",
    "https://git.exa\nmple.org/a",
    "https://ada:%zz@git.example.org/a",
    "https://ada:a%0ab@git.example.org/a",
    "ssh://-oProxyCommand=x/a",
    "ssh://git@-oProxyCommand=x/a",
    "ssh://-l@git.example.org/a",
    "ssh://git:password@git.example.org/a",
    "ssh://git@git.example.org/$(touch x)",
    "git@-oProxyCommand=x:a",
    "-l@host:a",
    "git@host:-a",
    "git@https://example.org/a",
    "git@host:a;touch x",
    "git@host:../a",
    "file://elsewhere/srv/a",
    "file://",
  ])("not as %j", (text) => {
    expect(parseRepository(text, true)).toMatchObject({ ok: false, failures: [{ code: "usage/invalid-repository" }] });
  });

  test.each([
    "https://ada:hunter2@-bad/a",
    "ssh://ada:hunter2@host/a",
    "foo://ada:hunter2@host/a",
    "ada:hunter2@host:a b",
  ])("the refusal of %s does not show its password", (text) => {
    expect(JSON.stringify(parseRepository(text, true))).not.toContain("hunter2");
  });
});

describe("a ref is given as", () => {
  test.each([
    ["main", ["refs/heads/main", "refs/tags/main"]],
    ["release/2026-11", ["refs/heads/release/2026-11", "refs/tags/release/2026-11"]],
    ["refs/pull/420/head", ["refs/pull/420/head"]],
    ["HEAD", ["HEAD"]],
  ])("%s, looked for as %j", (text, candidates) => {
    expect(parseRef(text)).toMatchObject({ ok: true, value: { kind: "ref", candidates } });
  });

  test("a full commit id", () => {
    expect(parseRef("A".repeat(40))).toMatchObject({ value: { kind: "commit", commit: "a".repeat(40) } });
    expect(parseRef("b".repeat(64))).toMatchObject({ value: { kind: "commit" } });
  });

  test.each([
    ..."|-f|--upload-pack=x|a..b|a b|a~1|a^|a:b|a?b|a*b|a[b|a\\b|a//b|/a|a/|.a|a/.b|a.lock|a.lock/b|a.|@|a@{1}".split(
      "|",
    ),
    "a\nb",
    "a\u0000b",
    "a\u007fb",
  ])("not as %j", (text) => {
    expect(parseRef(text)).toMatchObject({ ok: false, failures: [{ code: "usage/invalid-ref" }] });
  });
});

describe("whatever is given", () => {
  const piece = fc.constantFrom(
    ..."https:// ssh:// file:// http:// ext:: git@ host example.org -o - -- / : @ .. % ? # ~ $(x) ; ' \n \u0000 a.git [::1] :22 é".split(
      " ",
    ),
    " ",
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.string(),
  );

  test("an accepted repository is an absolute path, or a URL that no shell, option parser or helper takes for more", () => {
    fc.assert(
      fc.property(text, (given) => {
        const parsed = parseRepository(given, true);
        if (!parsed.ok) return;
        const { transport, url } = parsed.value;
        const form = {
          local: /^\//,
          file: /^file:\/\/\//,
          https: /^https:\/\/[a-z0-9_[][\w.~/+@%:,=()[\]-]*$/i,
          http: /^http:\/\/[a-z0-9_[][\w.~/+@%:,=()[\]-]*$/i,
          ssh: /^(?:ssh:\/\/)?[a-z0-9_[][\w.~/+@%:,=()[\]-]*$/i,
        }[transport];
        expect(url).toMatch(form);
        if (transport !== "local" && transport !== "file") expect(url).not.toMatch(/^\w+::|:\/\/-|@-|:-/);
      }),
      { numRuns: 2000 },
    );
  });

  test("an accepted ref has no dash in front and nothing that git reads as more than a name", () => {
    fc.assert(
      fc.property(text, (given) => {
        const parsed = parseRef(given);
        if (!parsed.ok || parsed.value.kind !== "ref") return;
        for (const name of parsed.value.candidates) expect(name).toMatch(/^(?:HEAD|refs\/[^\s~^:?*[\\]+)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
