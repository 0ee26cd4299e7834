import { versionDocument } from "../../report/index.ts";
import type { CommandSpec } from "../command.ts";
import { EXIT } from "../exit.ts";
import { VERSION } from "../version.ts";

export const version: CommandSpec = {
  name: "version",
  summary: "print the version",
  text: "Prints the version of the program, of the Node it runs on, and the platform.",
  flags: ["output"],
  examples: [{ does: "the version", line: "gitops version" }],
  exits: [{ code: 0, means: "always" }],
  run({ printer }) {
    const { node } = process.versions;
    const platform = `${process.platform}-${process.arch}`;
    printer.result(
      () => versionDocument(VERSION, node, platform),
      () => `gitops ${VERSION} (node ${node}, ${platform})\n`,
    );
    return Promise.resolve(EXIT.ok);
  },
};
