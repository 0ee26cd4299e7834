const ALPHABET = /[A-Za-z0-9+/]/;

/**
 * Base64 as Go reads it: padded, line breaks passed over. The same bytes in one spelling, or where it goes wrong, in bytes.
 * Source: decodeQuantum of Go's encoding/base64.
 */
export function readBase64(text: string): { readonly text: string } | { readonly corruptAt: number } {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  let at = 0;
  const pastBreaks = (): void => {
    while (bytes[at] === "\n" || bytes[at] === "\r") at += 1;
  };
  let digits = 0;
  for (; at < bytes.length; at += 1) {
    const one = bytes[at] ?? "";
    if (one === "\n" || one === "\r") continue;
    if (ALPHABET.test(one)) {
      digits += 1;
      continue;
    }
    const inQuantum = digits % 4;
    if (one !== "=" || inQuantum < 2) return { corruptAt: at };
    at += 1;
    if (inQuantum === 2) {
      pastBreaks();
      if (at === bytes.length) return { corruptAt: bytes.length };
      if (bytes[at] !== "=") return { corruptAt: at - 1 };
      at += 1;
    }
    pastBreaks();
    return at < bytes.length ? { corruptAt: at } : { text: Buffer.from(text, "base64").toString("base64") };
  }
  const open = digits % 4;
  return open === 0 ? { text: Buffer.from(text, "base64").toString("base64") } : { corruptAt: bytes.length - open };
}
