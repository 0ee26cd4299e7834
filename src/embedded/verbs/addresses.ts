import { isObject, type Json } from "../../model/index.ts";
import type { Store } from "../store.ts";

const NODE_PORT_MIN = 30_000;
const NODE_PORT_MAX = 32_767;

/** Gives services addresses and node ports that no other has: in the same order in every run. */
export function allocator(
  store: Store,
  given: { address: number },
  dryRun: boolean,
): {
  clusterAddress(wanted: string | undefined): string;
  nodePort(wanted: Json | undefined): number;
} {
  const ports = new Set<number>();
  const specs = (): readonly Json[] => store.list("/services/").map(([, service]) => service["spec"] ?? null);
  return {
    clusterAddress(wanted) {
      if (wanted !== undefined) return wanted;
      if (dryRun) return "10.96.0.0"; // takes none
      const used = new Set(specs().map((spec) => (isObject(spec) ? spec["clusterIP"] : undefined)));
      for (;;) {
        const index = ++given.address;
        const address = `10.96.${Math.floor(index / 256) % 256}.${index % 256}`;
        if (!used.has(address)) return address;
      }
    },
    nodePort(wanted) {
      if (typeof wanted === "number" && wanted !== 0) return wanted;
      const used = new Set(
        specs().flatMap((spec) => {
          const list = isObject(spec) ? spec["ports"] : undefined;
          return Array.isArray(list) ? list.map((port: Json) => (isObject(port) ? port["nodePort"] : undefined)) : [];
        }),
      );
      for (let port = NODE_PORT_MIN; port <= NODE_PORT_MAX; port++) {
        if (used.has(port) || ports.has(port)) continue;
        ports.add(port);
        return port;
      }
      return 0;
    },
  };
}
