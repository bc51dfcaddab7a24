import { createHash } from 'node:crypto'
import type { Json, Nanos } from '@chaosproxy/history'
import type { LoadEntry } from '@chaosproxy/runner'
import * as v from 'valibot'
import { count } from '../queue/numbers.ts'

// What a coordinator and a worker tell each other while clients work. Messages may be lost, or come twice: each says all that
// the other has to know, and chunks are sent until they are acknowledged.

/** What workers are to do. */
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

/** How far a worker is; `done` with the stage that it heard of. */
const states = ['ready', 'refused', 'working', 'stopped', 'followed', 'ended'] as const
export type State = (typeof states)[number]

/** From a worker. With `heard`, it is also an exchange with its clock. */
export interface Report {
  readonly state: State
  /** Who it is, for people; of `refused`, why. */
  readonly text: string
  /** The last beat that it has heard. */
  readonly heard: number
  /** What its clock says. */
  readonly at: Nanos
  /** How many chunks it has made: all that happened before `at` is in them. */
  readonly chunks: number
  readonly chunk?: Chunk | undefined
}

/** Some of what a worker's clients did. */
export interface Chunk {
  /** Counts up from 1. */
  readonly number: number
  readonly count: number
  /** Of `entries`. */
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

/** Undefined for anything else: whoever reaches the Redis can write there. */
export const readBeat = (message: string): Beat | undefined => parsed(beat, message)
export const readReport = (message: string): Report | undefined => parsed(report, message)

export function chunkOf(number: number, told: readonly LoadEntry[]): Chunk {
  const text = JSON.stringify(told)
  return { number, count: told.length, sha256: hashOf(text), entries: text }
}

/** Undefined if it is not what was sent. */
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
