import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { build, buildText, newParseCache } from "../../src/kustomize/index.ts";
import { limits } from "../support/build-limits.ts";
import { diskTree } from "../support/disk-tree.ts";

const ROOT = "fixtures/kustomize";

/** The folder of a case that is built: what the file `folder` says, else `in` itself. */
function folderOf(name: string): string {
  const file = `${ROOT}/${name}/folder`;
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

describe("a folder builds to what kustomize v5.8.2 prints", () => {
  const names = readdirSync(ROOT);

  test("there are cases", () => {
    expect(names.length).toBeGreaterThan(20);
  });

  test.each(names)("%s", (name) => {
    const tree = diskTree(`${ROOT}/${name}/in`);
    const cache = newParseCache();
    const result = build(tree, folderOf(name), { cache, limits, loadRestrictions: "rootOnly" });
    expect(result.ok ? [] : result.failures).toEqual([]);
    if (!result.ok) return;
    expect(buildText(result)).toBe(readFileSync(`${ROOT}/${name}/want.yaml`, "utf8"));
    // what was parsed before is not changed by building with it
    const again = build(tree, folderOf(name), { cache, limits, loadRestrictions: "rootOnly" });
    expect(again.ok && buildText(again)).toBe(buildText(result));
  });
});
