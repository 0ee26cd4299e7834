// Loaded before the program: its wall clock jumps up to an hour back and forth, and runs twice as fast or half as fast.
const { Date: RealDate } = globalThis;
const HOUR_MS = 3_600_000;
const PERIOD_MS = 700;

function wallMs() {
  const nowMs = RealDate.now();
  const period = Math.floor(nowMs / PERIOD_MS);
  const rate = [1 / 2, 1, 2][period % 3];
  const jumpMs = (((period * 7919) % 13) / 6 - 1) * HOUR_MS;
  // Whole milliseconds, as a clock tells them.
  return Math.floor(nowMs + jumpMs + (nowMs % PERIOD_MS) * (rate - 1));
}

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [wallMs()] : parts));
  }
  static now() {
    return wallMs();
  }
};
