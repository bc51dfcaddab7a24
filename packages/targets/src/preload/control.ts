import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

// The memory page through which chaos controls the libraries preloaded into a node's programs. Its layout is that of
// `control.h`.

const AT = { syncDelayUs: 0, syncFails: 8, diskFull: 16, diskFrozen: 24, clockSlot: 64, clocks: 72 } as const
const COUNTED = { syncsHit: 32, writesRefused: 40, changesHeld: 48, clockReads: 56 } as const
const CLOCK_BYTES = 24
const PAGE_BYTES = 4096

/** The error of a wall clock: an offset, and a drift that grows with time. */
export interface Wrongness {
  readonly offsetNanos: bigint
  readonly driftPpm: number
  /** The start of the drift, by the monotonic clock `process.hrtime.bigint()`. */
  readonly sinceNanos: bigint
}

export type Counter = keyof typeof COUNTED

export interface Control {
  set(what: 'syncDelayUs' | 'syncFails' | 'diskFull' | 'diskFrozen', value: number): void
  setClock(wrong: Wrongness): void
  count(what: Counter): number
  close(): void
}

export function openControl(path: string): Control {
  const fd = openSync(path, 'w+', 0o666)
  ftruncateSync(fd, PAGE_BYTES)
  let slot = 0
  const put = (at: number, ...values: readonly bigint[]) => {
    // Only a write of eight aligned bytes is atomic, so each value is written by its own call.
    for (const [i, value] of values.entries())
      writeSync(fd, new Uint8Array(new BigInt64Array([value]).buffer), 0, 8, at + 8 * i)
  }
  return {
    set: (what, value) => put(AT[what], BigInt(Math.round(value))),
    setClock({ offsetNanos, driftPpm, sinceNanos }) {
      slot = 1 - slot
      put(AT.clocks + slot * CLOCK_BYTES, offsetNanos, BigInt(driftPpm), sinceNanos)
      put(AT.clockSlot, BigInt(slot))
    },
    count(what) {
      const bytes = new BigInt64Array(1)
      readSync(fd, bytes, 0, 8, COUNTED[what])
      return Number(bytes[0])
    },
    close: () => closeSync(fd),
  }
}
