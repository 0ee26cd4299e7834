import { describe, expect, test } from "vitest";
import { blobCache, packBlobs, unpackBlobs } from "../../src/builders/blobs.ts";
import { parseListing } from "../../src/builders/listing.ts";

const LISTING = [
  "040000 1111 - apps",
  "100644 aaaa 12 apps/a b.yaml",
  "040000 2222 - apps/web",
  "100755 bbbb 5 apps/web/kustomization.yaml",
  "120000 cccc 7 apps/web/link",
  "160000 dddd - apps/web/module",
  "040000 3333 - apps-2",
  "100644 eeee 1 apps-2/x",
  "100644 ffff 0 z",
]
  .map((record) => `${record}\0`)
  .join("");

describe("a listing", () => {
  const listing = parseListing(LISTING, "root-id");

  test("knows the kind, id and size of every path", () => {
    expect(listing.entry("apps/a b.yaml")).toEqual({ kind: "blob", id: "aaaa", size: 12, path: "apps/a b.yaml" });
    expect(listing.entry("apps/web")).toMatchObject({ kind: "tree", id: "2222", size: 0 });
    expect(listing.entry("apps/web/link")).toMatchObject({ kind: "symlink", id: "cccc", size: 7 });
    expect(listing.entry("apps/web/module")).toMatchObject({ kind: "gitlink", id: "dddd" });
    expect(listing.entry("apps/web/kustomization.yaml")).toMatchObject({ kind: "blob", size: 5 });
    expect(listing.entry("")).toMatchObject({ kind: "tree", id: "root-id" });
    expect(listing.entry("app")).toBeUndefined();
  });

  test("lists what is right in a folder, by code unit, and nothing for a file or a missing path", () => {
    expect(listing.list("")).toEqual(["apps", "apps-2", "z"]);
    expect(listing.list("apps")).toEqual(["a b.yaml", "web"]);
    expect(listing.list("apps/web")).toEqual(["kustomization.yaml", "link", "module"]);
    expect(listing.list("z")).toBeUndefined();
    expect(listing.list("nope")).toBeUndefined();
  });

  test("visits the files of a folder and below, until told to stop", () => {
    const seen: string[] = [];
    listing.visit("apps", ({ path }) => seen.push(path) < 2);
    expect(seen).toEqual(["apps/a b.yaml", "apps/web/kustomization.yaml"]);
  });

  test("of nothing is an empty root", () => {
    expect(parseListing("", "id").list("")).toEqual([]);
  });
});

describe("blobs", () => {
  test("travel in one piece and come out as they were", () => {
    const blobs = new Map([
      ["a", Buffer.from("first")],
      ["b", Buffer.from("")],
      ["c", Buffer.from("third")],
    ]);
    const unpacked = unpackBlobs(packBlobs(blobs));
    expect([...unpacked].map(([id, content]) => [id, Buffer.from(content).toString()])).toEqual([
      ["a", "first"],
      ["b", ""],
      ["c", "third"],
    ]);
  });

  test("that were used last stay when there are too many bytes", () => {
    const cache = blobCache(10);
    cache.put("a", new Uint8Array(4));
    cache.put("b", new Uint8Array(4));
    cache.get("a");
    cache.put("c", new Uint8Array(4));
    expect(["a", "b", "c"].filter((id) => cache.has(id))).toEqual(["a", "c"]);
  });
});
