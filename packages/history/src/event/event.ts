import type { Taken } from './taken.ts'
import type { Nanos } from './units.ts'

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/**
 * The types of events.
 *
 * - `invoke`: the operation begins.
 * - `ok`: the operation took effect.
 * - `fail`: the operation certainly took no effect.
 * - `info`: the outcome is unknown. The operation may take effect at any time after its call, or never. Its process is
 *   retired.
 */
export const eventTypes = ['invoke', 'ok', 'fail', 'info'] as const
export type EventType = (typeof eventTypes)[number]

/** A logical single-threaded client, by number or name; or `"nemesis"` or `"recorder"`. */
export type Process = number | string

/** One line of a history. */
export interface Event {
  readonly index: number
  readonly time: Nanos
  readonly process: Process
  readonly type: EventType
  /** The function: `read`, `write`, `cas`, … or, for the nemesis, the kind of fault. */
  readonly f: string
  /** The object of the operation; absent if there is only one object. */
  readonly key?: string | undefined
  /**
   * For a read: null on the invocation, the value read on its `ok`. For a `cas`: `[old, new]`. Absent on an invocation
   * if only the completion has the value.
   */
  readonly value: Json
  /** The server of the request. On a completion, the server that answered. */
  readonly node?: string | undefined
  readonly error?: string | undefined
  /** On an invocation: whether the read was made after all faults healed and all writes stopped. */
  readonly final?: boolean | undefined
  /**
   * On a `fail`: whether the object itself declined, for example because a lock was held. A `cas` or `acquire` that
   * failed without an `error` was declined.
   */
  readonly answered?: boolean | undefined
  /**
   * On an invocation: the name of the client. Present only if the client has several processes. It needs several if its
   * requests overlap.
   */
  readonly session?: string | undefined
  /**
   * All other members; they are kept when a history is written. Attempts at one operation have the same `requestId`
   * (see `Attempts`). `"unsaid":"version"` means that only the completion has the version.
   */
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** The optional first line of a native history, describing the run: `{"chaos":1,"model":"register",…}`. */
export interface Header {
  readonly chaos: 1
  readonly model?: string | undefined
  /**
   * The value of every object before the first write. The text `"unknown"` means that objects held data before the
   * recording began.
   */
  readonly initial?: Json | undefined
  /** How the recorder identified clients; absent if every process is a separate client. */
  readonly sessions?: SessionSource | undefined
  /** `routes`: the operations come from a user's route table, which may take values from wrong places. */
  readonly mapping?: 'routes' | undefined
  /** Whether the last line will be an end mark (`RECORD_END`). If the mark is missing, the recording was cut off. */
  readonly ends?: true | undefined
  /** The precision of the times by which the events were sorted; absent if the lines are the order of the events. */
  readonly stamps?: Stamps | undefined
  /** The format of the file from which the history was converted. The rules of this format still apply. */
  readonly from?: Format | undefined
  /** In a converted history: the members of the original that were not used, but may name clients or keys. */
  readonly taken?: readonly Taken[] | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** The precision of the stamps by which events were sorted. */
export interface Stamps {
  /** All stamps are multiples of this number of nanoseconds. */
  readonly resolutionNanos: number
  /** The largest difference between the clocks of two clients, in nanoseconds. */
  readonly skewNanos: number
  /**
   * The largest error of a stamp, in nanoseconds: an event happened at most this long before or after its stamp. It is
   * 0 if events with different stamps certainly happened in the order of their stamps.
   */
  readonly withinNanos: number
}

/** The part of the request that identified clients (`header.X-Client`), or only the `connection`. */
export interface SessionSource {
  readonly by: string
  /** Whether `by` identifies clients. A connection does not: clients share connections, and use several connections. */
  readonly named: boolean
}

/** An event as in files and in source code, where members may be absent. */
export interface EventInput {
  readonly index?: number | undefined
  readonly time?: number | undefined
  readonly process: Process
  readonly type: EventType
  readonly f: string
  /** The key, usually a text. A key of another type never equals a text: 1 and `"1"` are different keys. */
  readonly key?: Json | undefined
  readonly value?: Json | undefined
  readonly node?: string | undefined
  readonly error?: string | undefined
  readonly final?: boolean | undefined
  readonly answered?: boolean | undefined
  readonly session?: string | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** Whether an input is a complete event. */
export const isWhole = (input: EventInput): input is Event =>
  typeof input.process === 'string' &&
  input.key === undefined &&
  input.value !== undefined &&
  input.time !== undefined &&
  input.index !== undefined &&
  input.index >= 0

/** The formats that a history can be read from, in order of detection; `jsonl` and `edn` can also be written. */
export const formats = [
  'dbcop',
  'operations',
  'jsonl',
  'porcupine-kv',
  'edn',
  'csv',
  'porcupine-etcd',
  'jepsen-log',
  'plume',
  'awdit',
] as const
export type Format = (typeof formats)[number]
