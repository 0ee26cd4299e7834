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

/** When reading them again fails, the old ones stay: they may still do, and if not, the server says so. */
export function freshCredentials(first: Credentials, read: ReadCredentials, clock: Clock): FreshCredentials {
  let aged: Aged = { credentials: first, readAtMs: clock.monotonicMs() };
  let doubted = false;
  let reading: Promise<Aged> | undefined;
  const readAgain = (refused: boolean): Promise<Aged> => {
    reading ??= read(refused)
      .then((fresh) => {
        aged = { credentials: fresh.ok ? fresh.value : aged.credentials, readAtMs: clock.monotonicMs() };
        doubted = false;
        return aged;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  return {
    async current(signal) {
      const old = doubted || clock.monotonicMs() - aged.readAtMs > AGE_MS;
      return old ? await orAbort(readAgain(false), signal) : aged;
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
