import { createHash } from 'node:crypto'
import { fnv1a } from '@chaosproxy/faults'
import type { Dealing } from '@chaosproxy/history/files'

/** The keys whose hash modulo `of` is `shard`. */
export interface Shard {
  readonly shard: number
  readonly of: number
}

/** Returns the shard of a key, the same on every machine. */
export const shardOf = (key: string, of: number): number => createHash('md5').update(key).digest().readUInt32LE() % of

/** The number of operations to judge at a time. With the memory for judging, they take some hundred megabytes. */
const OPERATIONS_AT_A_TIME = 100_000
/** The size of an operation's text, which is two lines of JSON, in bytes. */
const OPERATION_BYTES = 150
export const MOST_PLACES = 2048

const PACKED_BYTES = 12
/**
 * The minimum number of shards. Each shard reads the whole recording, so more shards are used only if memory requires
 * them.
 */
const LEAST_SHARDS = 4
const MOST_SHARDS = 64
/** The fraction of a worker's memory for packed operations that wait to be judged. */
const FOR_PACKED = 1 / 3

/** The number of shards of a large recording, for workers with this much memory. */
export function shardsFor(textBytes: number, memoryBytes: number): number {
  const packedBytes = (textBytes / OPERATION_BYTES) * PACKED_BYTES
  return Math.min(MOST_SHARDS, Math.max(LEAST_SHARDS, Math.ceil(packedBytes / (memoryBytes * FOR_PACKED))))
}

/** The number of groups into which the keys of a shard are divided. The keys of one group are judged together. */
export const placesFor = (bytes: number, shards = 1): number =>
  Math.min(MOST_PLACES, Math.ceil(bytes / shards / OPERATION_BYTES / OPERATIONS_AT_A_TIME))

/**
 * Returns a function that assigns keys to groups by their hash. If a shard is given, only its keys are assigned. The
 * keys of one group are judged together.
 */
export const dealingOf = (places: number, shard?: Shard): Dealing => ({
  places,
  placeOf: (key) =>
    places === 0 || (shard !== undefined && shardOf(key, shard.of) !== shard.shard) ? -1 : hashOf(key) % places,
})

/** This hash is cheap for a million names, and independent of the shard's hash. */
function hashOf(text: string): number {
  const hash = fnv1a(text)
  return (hash ^ (hash >>> 15)) >>> 0
}
