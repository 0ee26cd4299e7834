/** One gate a name: whoever comes before it is opened waits, whoever comes later walks through. */
export interface Gates {
  /** Resolves once the gate is open. */
  through(name: string): Promise<void>;
  open(name: string): void;
}

export function newGates(): Gates {
  const gates = new Map<string, { readonly opened: Promise<void>; readonly open: () => void }>();
  const gate = (name: string): { readonly opened: Promise<void>; readonly open: () => void } => {
    const known = gates.get(name);
    if (known !== undefined) return known;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const made = { opened, open };
    gates.set(name, made);
    return made;
  };
  return { through: (name) => gate(name).opened, open: (name) => gate(name).open() };
}

/** Resolves with the first of two that both end by themselves. */
export function first(a: Promise<unknown> | undefined, b: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => resolve();
    if (a === undefined) end();
    else void a.then(end, end);
    void b.then(end, end);
  });
}
