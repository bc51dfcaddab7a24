import { createHash } from 'node:crypto'
import { fnv1a } from '@chaosproxy/faults'
import type { Dealing } from '@chaosproxy/history/files'

/** A share of all keys: the keys whose hash modulo `of` is `shard`. */
export interface Shard {
  readonly shard: number
  readonly of: number
}

/** Returns the shard of a key. Spreads keys evenly, and identically on every machine. */
export const shardOf = (key: string, of: number): number => createHash('md5').update(key).digest().readUInt32LE() % of

/**
 * The number of operations judged at the same time. The operations and the memory for judging them take some hundred
 * megabytes.
 */
const OPERATIONS_AT_A_TIME = 100_000
/** The size in bytes of an operation as text, which is two lines of JSON. */
const OPERATION_BYTES = 150
export const MOST_PLACES = 2048

/** The size of a packed operation in bytes. */
const PACKED_BYTES = 12
/** Every shard of a large recording reads the whole recording, so there are only as many shards as memory requires. */
const LEAST_SHARDS = 4
const MOST_SHARDS = 64
/** The fraction of a worker's memory for packed operations that wait to be judged. */
const FOR_PACKED = 1 / 3

/** Returns the number of shards for the keys of a large recording, judged by workers with this much memory. */
export function shardsFor(textBytes: number, memoryBytes: number): number {
  const packedBytes = (textBytes / OPERATION_BYTES) * PACKED_BYTES
  return Math.min(MOST_SHARDS, Math.max(LEAST_SHARDS, Math.ceil(packedBytes / (memoryBytes * FOR_PACKED))))
}

/** Returns the number of places for the keys of a recording of this size. The keys of one place are judged together. */
export const placesFor = (bytes: number, shards = 1): number =>
  Math.min(MOST_PLACES, Math.ceil(bytes / shards / OPERATION_BYTES / OPERATIONS_AT_A_TIME))

/**
 * Returns the assignment of keys to places. It assigns all keys or, if there is a shard, only the keys of the shard.
 * Without places, it assigns no key.
 */
export const dealingOf = (places: number, shard?: Shard): Dealing => ({
  places,
  placeOf: (key) =>
    places === 0 || (shard !== undefined && shardOf(key, shard.of) !== shard.shard) ? -1 : hashOf(key) % places,
})

/** A hash that is cheap for a million names, and independent of the shard's hash. */
function hashOf(text: string): number {
  const hash = fnv1a(text)
  return (hash ^ (hash >>> 15)) >>> 0
}
