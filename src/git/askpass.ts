import { closeSync, constants, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Login } from "./credentials.ts";
import type { Environment } from "./environment.ts";
import { type Call, runLocal } from "./process.ts";

/** Answers git's prompts for one origin. */
export interface Askpass {
  /** What git's environment needs: where to ask, and no secret. */
  readonly environment: Environment;
  close(): Promise<void>;
}

/** The program that git starts to ask: it hands the prompt to us through one pipe and reads the answer from another. */
const SCRIPT = `#!/bin/sh
printf '%s\\n' "$1" > "$GITOPS_ASKPASS/question"
IFS= read -r answer < "$GITOPS_ASKPASS/answer"
printf '%s\\n' "$answer"
`;

/**
 * Opens a private folder with two named pipes. The login is in this process and in a kernel pipe only: not in a file,
 * the environment, an argument or a URL. A prompt for another scheme, host or port, as after a redirect, gets nothing.
 */
export async function openAskpass(login: Login, origin: string, call: Call, signal: AbortSignal): Promise<Askpass> {
  const folder = await mkdtemp(join(tmpdir(), "gitops-askpass-"));
  const [program, question, answer] = [join(folder, "askpass"), join(folder, "question"), join(folder, "answer")];
  try {
    await writeFile(program, SCRIPT, { mode: 0o700 });
    const made = await runLocal({ ...call, gitPath: "mkfifo" }, ["-m", "600", question, answer], "", signal);
    if (made.code !== 0) throw new Error(`mkfifo: ${made.stderr}`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  // opened for both ways, so that neither side waits for the other to open
  const asked = new Socket({ fd: openSync(question, constants.O_RDWR | constants.O_NONBLOCK), readable: true });
  const answers = openSync(answer, constants.O_RDWR | constants.O_NONBLOCK);
  let text = "";
  asked.on("error", () => {});
  asked.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) writeSync(answers, `${answerTo(line, login, origin)}\n`);
  });
  return {
    environment: { GIT_ASKPASS: program, GITOPS_ASKPASS: folder },
    async close() {
      asked.destroy();
      closeSync(answers);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The answer to a prompt like `Password for 'https://user@host:port': `; "" for what is not ours to answer. */
export function answerTo(prompt: string, login: Login, origin: string): string {
  const [, what, scheme = "", place = ""] =
    /^(Username|Password) for '(\w+):\/\/(?:[^/]*@)?([^/@]*)\/?': ?$/.exec(prompt) ?? [];
  if (`${scheme}://${place}`.toLowerCase() !== origin) return "";
  return what === "Username" ? login.username : login.password;
}
