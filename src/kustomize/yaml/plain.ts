import { meaningOf } from "./resolve.ts";
import { type Shape, shapeOf } from "./shape.ts";

const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

/** Whether go-yaml would read the text, written plain, as a string. */
export function readsAsText(text: string): boolean {
  return meaningOf(text, "kubernetes") === undefined && !(text.includes(":") && BASE_60.test(text));
}

/** Whether go-yaml writes the text plain, without quotes or a block. */
export function isWrittenPlain(text: string, shape: Shape = shapeOf(text)): boolean {
  return shape.plain && !text.includes("\n") && readsAsText(text);
}
