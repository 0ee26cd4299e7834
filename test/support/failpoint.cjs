// Loaded before the program: something that nobody foresaw goes wrong wherever it handles what FAILPOINT_ON names.
const { writeSync } = require("node:fs");
const net = require("node:net");

const { FAILPOINT_AT: at, FAILPOINT_ON: on, FAILPOINT_TIMES: times } = process.env;
let left = Number(times);

function fail(text) {
  if (left <= 0 || !text.includes(on)) return false;
  left -= 1;
  writeSync(2, `failpoint ${at}\n`);
  return true;
}

const unforeseen = () => new Error("an unforeseen thing");
const { parse, stringify } = JSON;

if (at === "parse")
  JSON.parse = (text, ...rest) => {
    if (fail(String(text))) throw unforeseen();
    return parse(text, ...rest);
  };
if (at === "stringify")
  JSON.stringify = (...asked) => {
    const text = stringify(...asked);
    if (text !== undefined && fail(text)) throw unforeseen();
    return text;
  };
if (at === "write" || at === "emitter" || at === "rejection") {
  const { write } = net.Socket.prototype;
  net.Socket.prototype.write = function (chunk, ...rest) {
    const failing = fail(String(chunk));
    if (failing && at === "write") throw unforeseen();
    if (failing && at === "emitter") process.nextTick(() => this.emit("error", unforeseen()));
    if (failing && at === "rejection") void Promise.reject(unforeseen());
    return write.call(this, chunk, ...rest);
  };
}
