import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { commandSpecs } from "../../src/cli/program.ts";
import { run } from "./scripted.ts";

describe("completion", () => {
  test("bash completes commands, flags, and values of a flag", async () => {
    const { stdout } = await run(["completion", "bash"]);
    const complete = (line: string): readonly string[] => {
      const words = line.split(" ");
      const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _gitops; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
    };
    expect(complete("gitops s")).toEqual(["sync", "services", "settings", "status", "suspend"]);
    expect(complete("gitops sync --dry")).toEqual(["--dry-run"]);
    expect(complete("gitops diff -o ")).toEqual(["text", "json", "yaml"]);
    expect(complete("gitops completion z")).toEqual(["zsh"]);
  });

  test.each(["bash", "zsh", "fish"])("%s knows every command and flag", async (shell) => {
    const { stdout, exit } = await run(["completion", shell]);
    expect(exit).toBe(0);
    for (const { name } of commandSpecs()) expect(stdout).toContain(name);
    expect(stdout).toContain("max-run-delete-share");
  });

  test("another shell is not understood", async () => {
    const { exit, stderr } = await run(["completion", "csh"]);
    expect(exit).toBe(2);
    expect(stderr).toContain("bash, zsh, fish");
  });
});
