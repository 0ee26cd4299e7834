import type { Clock } from "../model/index.ts";
import type { Credentials, ReadCredentials } from "./credentials.ts";

/** Credentials older than this are read again: client-go reads token files each minute too. */
const AGE_MS = 60_000;

export interface FreshCredentials {
  /** Those at hand, and when they were read; read anew when they are older than a minute. */
  current(signal: AbortSignal): Promise<Aged>;
  /** Newer ones than `refused`, which the server did not accept; concurrent refusals share one reading. */
  newer(refused: Aged, signal: AbortSignal): Promise<Aged>;
  /** They did not fit the server's certificate: the next request reads them again, for its authority may have changed. */
  doubt(): void;
}

interface Aged {
  readonly credentials: Credentials;
  readonly readAtMs: number;
}

/** A plugin that takes longer hangs, mostly: whoever comes then goes on with what is at hand. */
const SLOW_MS = 10_000;
/** Then it is asked again, beside the one that hangs; each time later, as every one that hangs is a process. */
const HANGS_MS = 60_000;
const HANGS_MS_MAX = 32 * HANGS_MS;

/** When reading them again fails, or does not end, the old ones stay: they may still do, and if not, the server says so. */
export function freshCredentials(first: Credentials, read: ReadCredentials, clock: Clock): FreshCredentials {
  let aged: Aged = { credentials: first, readAtMs: clock.monotonicMs() };
  let doubted = false;
  let hangsMs = HANGS_MS;
  let reading: { readonly sinceMs: number; readonly answer: Promise<Aged> } | undefined;
  const sinceMs = (): number => (reading === undefined ? 0 : clock.monotonicMs() - reading.sinceMs);
  const begin = (refused: boolean): Promise<Aged> => {
    const answer: Promise<Aged> = read(refused)
      .then((fresh) => {
        if (reading?.answer !== answer) return aged; // it was given up
        aged = { credentials: fresh.ok ? fresh.value : aged.credentials, readAtMs: clock.monotonicMs() };
        doubted = false;
        hangsMs = HANGS_MS;
        return aged;
      })
      .finally(() => {
        if (reading?.answer === answer) reading = undefined;
      });
    reading = { sinceMs: clock.monotonicMs(), answer };
    return answer;
  };
  const readAgain = (refused: boolean): Promise<Aged> => {
    if (reading === undefined) return begin(refused);
    if (sinceMs() <= hangsMs) return reading.answer;
    hangsMs = Math.min(HANGS_MS_MAX, 2 * hangsMs);
    return begin(refused);
  };
  return {
    async current(signal) {
      const old = doubted || clock.monotonicMs() - aged.readAtMs > AGE_MS;
      const hangs = sinceMs() > SLOW_MS && sinceMs() <= hangsMs;
      return old && !hangs ? await orAbort(readAgain(false), signal) : aged;
    },
    async newer(refused, signal) {
      return aged === refused ? await orAbort(readAgain(true), signal) : aged;
    },
    doubt() {
      doubted = true;
    },
  };
}

/** Waits for work that cannot be stopped (a credential plugin) no longer than the signal allows. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
