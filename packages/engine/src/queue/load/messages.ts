import type { Json, Nanos } from '@chaosproxy/history'
import type { LoadEntry } from '@chaosproxy/runner'
import * as v from 'valibot'
import { sha256Of } from '../../sha256.ts'
import { count } from '../numbers.ts'

// The messages that are sent while clients work. A message may be lost or duplicated, so each one repeats the whole
// state, and a chunk is sent again until it is acknowledged.

/** The stages of a run, which tell workers what to do. */
export const stages = ['wait', 'work', 'stop', 'follow', 'end'] as const
export type Stage = (typeof stages)[number]

/**
 * A message from the coordinator, sent at least every `BEAT_EVERY_MS`. A worker that receives none during its lease
 * stops.
 */
export interface Beat {
  /** The number of the beat; counts up. */
  readonly number: number
  readonly stage: Stage
  /** All chunks up to this number have arrived. */
  readonly acknowledged: number
}

export const BEAT_EVERY_MS = 50

/** `refused`, or the stage that the worker has reached. */
const states = ['ready', 'refused', 'working', 'stopped', 'followed', 'ended'] as const
export type State = (typeof states)[number]

/** A message from a worker. Its recipient estimates the worker's clock from `heard` and `at`. */
export interface Report {
  readonly state: State
  /** The worker's name, for people to read. If `state` is `refused`, the worker's reason instead. */
  readonly text: string
  /** The last beat that the worker has received. */
  readonly heard: number
  readonly at: Nanos
  /** The number of chunks so far. Together they contain all events before `at`. */
  readonly chunks: number
  readonly chunk?: Chunk | undefined
}

/** Some of the events of a worker's clients. */
export interface Chunk {
  readonly number: number
  readonly count: number
  /** The SHA-256 hash of the text `entries`. */
  readonly sha256: string
  readonly entries: string
}

const MOST_ENTRIES = 10_000
const MOST_TEXT = 1_000

const time = v.pipe(
  v.number(),
  v.safeInteger(),
  v.transform((given) => given as Nanos),
)
const text = v.pipe(v.string(), v.maxLength(MOST_TEXT))
const json = v.custom<Json>((given) => given !== undefined)

const beat = v.strictObject({ number: count, stage: v.picklist(stages), acknowledged: count })

const report = v.strictObject({
  state: v.picklist(states),
  text,
  heard: count,
  at: time,
  chunks: count,
  chunk: v.optional(
    v.strictObject({
      number: v.pipe(count, v.minValue(1)),
      count: v.pipe(count, v.maxValue(MOST_ENTRIES)),
      sha256: v.string(),
      entries: v.string(),
    }),
  ),
})

const node = v.optional(text)

const completion = v.variant('type', [
  v.strictObject({ type: v.literal('ok'), value: json, node }),
  v.strictObject({ type: v.literal('fail'), error: v.string(), answered: v.optional(v.literal(true)), node }),
  v.strictObject({ type: v.literal('info'), error: v.string(), node }),
])

const entry: v.GenericSchema<unknown, LoadEntry> = v.variant('type', [
  v.strictObject({
    ...{ type: v.literal('planned'), process: count, time, node: text, f: text },
    ...{ key: v.optional(v.string()), value: json, final: v.optional(v.boolean()) },
  }),
  v.strictObject({ type: v.literal('asked'), process: count, time }),
  v.strictObject({ type: v.literal('completed'), process: count, time, completion }),
])

const entries = v.array(entry)

/** Returns undefined if the message is invalid: anyone who can reach the Redis can write to it. */
export const readBeat = (message: string): Beat | undefined => parsed(beat, message)
export const readReport = (message: string): Report | undefined => parsed(report, message)

export function chunkOf(number: number, entries: readonly LoadEntry[]): Chunk {
  const text = JSON.stringify(entries)
  return { number, count: entries.length, sha256: sha256Of(text), entries: text }
}

/** Returns the entries of a chunk, or undefined if their hash or their number is wrong. */
export function readChunk(chunk: Chunk): readonly LoadEntry[] | undefined {
  if (sha256Of(chunk.entries) !== chunk.sha256) return undefined
  const read = parsed(entries, chunk.entries)
  return read?.length === chunk.count ? read : undefined
}

function parsed<Read>(schema: v.GenericSchema<unknown, Read>, message: string): Read | undefined {
  try {
    const found = v.safeParse(schema, JSON.parse(message))
    return found.success ? found.output : undefined
  } catch {
    return undefined
  }
}
