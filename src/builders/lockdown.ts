/**
 * Takes from a thread what no build needs. Text that parses to `__proto__` or `constructor.prototype` cannot change what
 * other builds of the thread see, and nothing here can open a connection. Errors stay writable: libraries set `name` on
 * theirs, which a frozen prototype would refuse; sealed, it can take no new key.
 */
export function lockDown(): void {
  for (const holder of [Object, Function, Array, Map, Set, WeakMap, String, Number, Boolean, BigInt, Symbol, RegExp]) {
    Object.freeze(holder.prototype);
    Object.freeze(holder);
  }
  Object.freeze(Object.getPrototypeOf(Uint8Array.prototype));
  for (const holder of [Uint8Array, ArrayBuffer, Promise, Date, JSON, Math, Reflect]) Object.freeze(holder);
  Object.seal(Error.prototype);
  for (const name of ["fetch", "WebSocket", "EventSource", "Request", "Response", "BroadcastChannel"]) {
    Reflect.deleteProperty(globalThis, name);
  }
}
