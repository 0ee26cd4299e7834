// One runner of `npm run bench -- build`, in a process of its own: MODE ROOT ROUNDS, folders on standard input.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { coldCache, ROOMY } from "../../scripts/conformance/engine.ts";
import { BUILDERS_DEFAULTS, openBuilders } from "../../src/builders/index.ts";
import { systemClock } from "../../src/clock.ts";
import { build, buildText, newParseCache } from "../../src/kustomize/index.ts";
import type { Tree } from "../../src/model/index.ts";
import { diskTree, listingOf } from "../../test/support/disk-tree.ts";

/** Builds every folder once; answers how many bytes of text there were. */
type Round = () => Promise<number>;

async function main([mode = "", root = "", rounds = ""]: readonly string[]): Promise<void> {
  const folders = (await text(process.stdin)).split("\n").filter((line) => line !== "");
  const tree = diskTree(root);
  const listing = listingOf(tree); // ids come from git in earnest, so they are worked out before the clock starts
  const runner = mode === "threads" ? inThreads(tree, listing, folders) : inProcess(tree, folders, mode);
  const bytes = await runner.round();
  const results: { readonly totalMs: number; readonly cpuMs: number }[] = [];
  for (let index = 0; index < Number(rounds); index += 1) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await runner.round();
    const { user, system } = process.cpuUsage(before);
    results.push({ totalMs: performance.now() - start, cpuMs: (user + system) / 1000 });
  }
  const [best] = results.toSorted((a, b) => a.totalMs - b.totalMs);
  process.stdout.write(JSON.stringify({ ...best, bytes, peakRssKb: process.resourceUsage().maxRSS }));
  await runner.close();
}

function inProcess(tree: Tree, folders: readonly string[], mode: string): { round: Round; close(): Promise<void> } {
  const shared = newParseCache();
  return {
    round: async () => {
      let bytes = 0;
      for (const folder of folders) {
        const cache = mode === "cold" ? coldCache() : shared;
        const result = build(tree, folder, { cache, limits: ROOMY, loadRestrictions: "rootOnly", reorder: "legacy" });
        if (!result.ok) throw new Error(`${folder}: ${result.failures[0]?.message}`);
        bytes += buildText(result).length;
      }
      return bytes;
    },
    close: async () => undefined,
  };
}

function inThreads(
  tree: Tree,
  listing: { readonly text: string; readonly paths: ReadonlyMap<string, string> },
  folders: readonly string[],
): { round: Round; close(): Promise<void> } {
  const worker = readFileSync(join(__dirname, "worker.cjs"), "utf8");
  const builders = openBuilders(
    { ...BUILDERS_DEFAULTS, heapMb: 1024, limits: ROOMY, deadlineMs: 300_000, worker },
    systemClock(),
  );
  const source = {
    key: tree.entry("")?.id ?? "",
    listing: listing.text,
    blobs: async (ids: readonly string[]) =>
      new Map(
        ids.map((id) => {
          const entry = tree.entry(listing.paths.get(id) ?? "");
          if (entry === undefined) throw new Error(`no blob ${id}`);
          return [id, tree.read(entry)] as const;
        }),
      ),
  };
  const options = { loadRestrictions: "rootOnly", generate: false } as const;
  const { signal } = new AbortController();
  return {
    round: async () => {
      const jobs = folders.map((folder) =>
        builders.build({ service: folder, folder, source, options, text: true }, signal),
      );
      let bytes = 0;
      for (const [index, answer] of (await Promise.all(jobs)).entries()) {
        if (!answer.ok) throw new Error(`${folders[index]}: ${answer.failures[0]?.message}`);
        bytes += answer.text?.length ?? 0;
      }
      return bytes;
    },
    close: () => builders.close(),
  };
}

void main(process.argv.slice(2));
