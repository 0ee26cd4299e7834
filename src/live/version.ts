const DECIMAL = /^[1-9][0-9]*$/;

/**
 * Whether resourceVersion `a` is older than `b`. Versions of one kind are ordered when both are decimal numbers, of any length;
 * others, of aggregated servers, have no order, and neither is older.
 * Source: Kubernetes API concepts, resource versions (KEP-5504).
 */
export function isOlder(a: string, b: string): boolean {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

export function newest(a: string, b: string): string {
  return a === "" || isOlder(a, b) ? b : a;
}
