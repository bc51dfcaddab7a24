// The number of slots, which group keys: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/

export const SLOTS = 16_384

const POLYNOMIAL = 0x1021
const TOP = 0x8000
const WORD = 0xffff
const BITS = 8

/** Returns the slot of a key: the CRC16 of the key, or of the text in its first braces, modulo the number of slots. */
export function slotOf(key: string): number {
  const [, tag] = /^[^{]*\{([^}]+)\}/.exec(key) ?? []
  let sum = 0
  for (const byte of Buffer.from(tag ?? key)) {
    sum ^= byte << BITS
    for (let bit = 0; bit < BITS; bit++) sum = ((sum << 1) ^ (sum & TOP ? POLYNOMIAL : 0)) & WORD
  }
  return sum % SLOTS
}

/**
 * Returns the first slot of the shard with this number, counted from 0. Returns `SLOTS` for the number after the last
 * shard's.
 */
export const firstSlot = (shard: number, shards: number): number => Math.ceil((shard * SLOTS) / shards)

export const shardOf = (slot: number, shards: number): number => Math.floor((slot * shards) / SLOTS)

/**
 * Where a command must be sent instead. `moved` also applies to later commands for the slot, `ask` only to this one.
 */
export interface Redirection {
  readonly type: 'moved' | 'ask'
  readonly slot: number
  readonly port: number
}

/** Parses `MOVED 3999 127.0.0.1:6381` and `ASK 3999 127.0.0.1:6381`; undefined for any other error. */
export function redirectionIn(error: string): Redirection | undefined {
  const [, word, slot, port] = /^(MOVED|ASK) (\d+) \S*:(\d+)$/.exec(error) ?? []
  if (port === undefined) return undefined
  return { type: word === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), port: Number(port) }
}
