import type { Repository } from "./git-server-repository.ts";

const LEVELS = 12;
const WIDTH = 10;

/** The id of a tree that uses a folder of main 10 times a level: with a dozen levels and objects, 10¹² times. */
export async function treeBomb(repository: Repository, leaf: string, levels = LEVELS): Promise<string> {
  const branch = "a-bomb";
  let id = await repository.git("rev-parse", `main:${leaf}`);
  for (let level = 0; level < levels; level += 1) {
    const inner = { tree: id };
    const rows = Array.from({ length: WIDTH }, (_, index) => [`grown/d${index}`, inner] as const);
    await repository.commit({ grown: null, ...Object.fromEntries(rows) }, "it grows", branch);
    id = await repository.git("rev-parse", `${branch}:grown`);
  }
  return id;
}
