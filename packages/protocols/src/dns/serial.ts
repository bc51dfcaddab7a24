// "Serial Number Arithmetic", RFC 1982: numbers of 32 bits that wrap.

const SERIALS = 2 ** 32
const HALF = 2 ** 31

/** §3.1: addition, modulo 2^32. */
export const nextSerial = (serial: number): number => (serial + 1) % SERIALS

/** §3.2: whether `one` is the later of two serials that are less than 2^31 updates apart. */
export const isLater = (one: number, other: number): boolean =>
  (one > other && one - other < HALF) || (one < other && other - one > HALF)
