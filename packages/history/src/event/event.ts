import type { Nanos } from './units.ts'

/** Anything JSON can say: the inputs and outputs of operations. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/**
 * `invoke` begins an operation; the others end it. `ok`: took effect, result known. `fail`: certainly took no effect.
 * `info`: unknown; it may take effect at any time after its call, or never, and its process is retired.
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
  /** What was done: `read`, `write`, `cas`, … or, for the nemesis, the kind of fault. */
  readonly f: string
  /** The object it was done to; absent if there is only one. */
  readonly key?: string | undefined
  /**
   * For a read, null on the invocation and the value read on its `ok`; for `cas`, `[old, new]`. Absent on an invocation
   * whose value only the completion knows, as when the server chooses what is written.
   */
  readonly value: Json
  /** The server that was asked, or that answered. */
  readonly node?: string | undefined
  /** The reason for `fail` or `info`. */
  readonly error?: string | undefined
  /** On the invocation of a read made after all faults healed and all writes stopped. */
  readonly final?: boolean | undefined
  /** On a `fail`: the object itself declined (a held lock, a cas that found another value). */
  readonly answered?: boolean | undefined
  /** On an invocation: the client that the process belongs to, if its requests overlap and it has several processes. */
  readonly session?: string | undefined
  /**
   * Members beyond these; kept, and written out again. Two have a meaning on invocations: attempts at one operation have
   * the same `requestId` (see `Attempts`), and `"unsaid":"version"` says that the value, or the second of a cas, is a
   * version that only the completion has.
   */
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** The optional first line of a native history, describing the run: `{"chaos":1,"model":"register",…}`. */
export interface Header {
  readonly chaos: 1
  readonly model?: string | undefined
  /** Every object's value before the first write. The text `"unknown"`: it held data before anything was recorded. */
  readonly initial?: Json | undefined
  /** How the recorder identified clients; absent if every process is a client of its own. */
  readonly sessions?: SessionSource | undefined
  /** `routes`: a route table of the user says what the operations are, and may be wrong about where they have their values. */
  readonly mapping?: 'routes' | undefined
  /** The last line will be an end mark (`RECORD_END`). Without it the recording was cut off. */
  readonly ends?: true | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** What identified clients: a part of the request (`header.X-Client`), or only the `connection`. */
export interface SessionSource {
  readonly by: string
  /** Whether `by` identifies clients. A connection does not: clients share connections, and use several. */
  readonly named: boolean
}

/** An event as files contain it and people write it: absent members are filled in from its position in the history. */
export interface EventInput {
  readonly index?: number | undefined
  readonly time?: number | undefined
  readonly process: Process
  readonly type: EventType
  readonly f: string
  /** Usually a text. Any other value is a key of its own: 1 and "1" are different keys. */
  readonly key?: Json | undefined
  readonly value?: Json | undefined
  readonly node?: string | undefined
  readonly error?: string | undefined
  readonly final?: boolean | undefined
  readonly answered?: boolean | undefined
  readonly session?: string | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** Whether no member has to be filled in, or changed, to make it an event. */
export const isWhole = (input: EventInput): input is Event =>
  typeof input.process === 'string' &&
  input.key === undefined &&
  input.value !== undefined &&
  input.time !== undefined &&
  input.index !== undefined &&
  input.index >= 0

/** The formats a history can be read from, in the order in which a file is tried; `jsonl` and `edn` can be written as well. */
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
