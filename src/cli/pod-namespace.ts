import { readFile } from "node:fs/promises";

/** Where a pod finds the name of its namespace. */
const FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** The namespace that this process runs in; none outside of a cluster. */
export async function podNamespaces(file: string = FILE): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim() === "" ? [] : [text.trim()];
}
