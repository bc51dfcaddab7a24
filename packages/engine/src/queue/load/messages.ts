import { createHash } from 'node:crypto'
import type { Json, Nanos } from '@chaosproxy/history'
import type { LoadEntry } from '@chaosproxy/runner'
import * as v from 'valibot'
import { count } from '../numbers.ts'

// Messages between a coordinator and a worker while clients work. They may be lost, or arrive twice: each one says
// everything that the receiver needs, and chunks are sent until they are acknowledged.

/** What workers should do. */
export const stages = ['wait', 'work', 'stop', 'follow', 'end'] as const
export type Stage = (typeof stages)[number]

/** From the coordinator, at least every `BEAT_EVERY_MS`: a worker that hears nothing for its lease stops. */
export interface Beat {
  /** Counts up. */
  readonly number: number
  readonly stage: Stage
  /** All chunks up to this one have arrived. */
  readonly acknowledged: number
}

export const BEAT_EVERY_MS = 50

/** The progress of a worker; `done` with the stage that it heard of. */
const states = ['ready', 'refused', 'working', 'stopped', 'followed', 'ended'] as const
export type State = (typeof states)[number]

/** From a worker. With `heard`, it is also a sample of its clock. */
export interface Report {
  readonly state: State
  /** The worker's name, for people; for `refused`, the reason. */
  readonly text: string
  /** The last beat that it has heard. */
  readonly heard: number
  /** The time of its clock. */
  readonly at: Nanos
  /** The number of its chunks: they contain everything before `at`. */
  readonly chunks: number
  readonly chunk?: Chunk | undefined
}

/** Some of the events of a worker's clients. */
export interface Chunk {
  /** Counts up from 1. */
  readonly number: number
  readonly count: number
  /** The number of `entries`. */
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

/** Undefined for anything else: anyone who reaches the Redis can write there. */
export const readBeat = (message: string): Beat | undefined => parsed(beat, message)
export const readReport = (message: string): Report | undefined => parsed(report, message)

export function chunkOf(number: number, told: readonly LoadEntry[]): Chunk {
  const text = JSON.stringify(told)
  return { number, count: told.length, sha256: hashOf(text), entries: text }
}

/** Undefined if it differs from what was sent. */
export function readChunk(chunk: Chunk): readonly LoadEntry[] | undefined {
  if (hashOf(chunk.entries) !== chunk.sha256) return undefined
  const read = parsed(entries, chunk.entries)
  return read?.length === chunk.count ? read : undefined
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function parsed<Read>(schema: v.GenericSchema<unknown, Read>, message: string): Read | undefined {
  try {
    const found = v.safeParse(schema, JSON.parse(message))
    return found.success ? found.output : undefined
  } catch {
    return undefined
  }
}
