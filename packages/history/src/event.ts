import type { Nanos } from './units.ts'

/** Anything JSON can say: the inputs and outputs of operations. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

export const eventTypes = ['invoke', 'ok', 'fail', 'info'] as const
export type EventType = (typeof eventTypes)[number]

/**
 * How an operation ended. `ok`: took effect, result known. `fail`: certainly took no effect.
 * `info`: unknown; it may take effect at any time after its call, or never, and its process is retired.
 */
export type Outcome = 'ok' | 'fail' | 'info'

/** A logical single-threaded client, by number or by name; or who else spoke: `"nemesis"` or `"recorder"`. */
export type Process = number | string

/** One line of a history. */
export interface Event {
  readonly index: number
  readonly time: Nanos
  readonly process: Process
  readonly type: EventType
  /** What was done: `read`, `write`, `cas`, … or, for the nemesis, the kind of fault. */
  readonly f: string
  /** The object it was done to; absent where there is only one. */
  readonly key?: string | undefined
  /**
   * A read's invocation has null and its `ok` the value read; `cas` has `[old, new]`. Absent on an invocation whose
   * completion tells it, as where the server chooses what is written.
   */
  readonly value: Json
  /** The server that was asked, or that answered. */
  readonly node?: string | undefined
  /** Why it is `fail` or `info`. */
  readonly error?: string | undefined
  /** On the invocation of a read made after all faults healed and all writes stopped. */
  readonly final?: boolean | undefined
  /** On an invocation: the client that the process belongs to, where one client has several (its requests overlap). */
  readonly session?: string | undefined
  /** Members this format does not know; kept, and written out again. */
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** The optional first line of a native history, describing the run: `{"chaos":1,"model":"register",…}`. */
export interface Header {
  readonly chaos: 1
  readonly model?: string | undefined
  /** Every object's value before the first write. The text `"unknown"`: it held data before anything was recorded. */
  readonly initial?: Json | undefined
  /** How the recorder told clients apart; absent where every process is a client of its own. */
  readonly sessions?: SessionSource | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}

/** What told clients apart: a place in requests (`header.X-Client`), or only the `connection` they came by. */
export interface SessionSource {
  readonly by: string
  /** Whether `by` names clients. A connection does not: clients share it, and use several. */
  readonly named: boolean
}

/** An event as files have it and people write it: what is absent is filled in from its place in the history. */
export interface EventInput {
  readonly index?: number | undefined
  readonly time?: number | undefined
  readonly process: Process
  readonly type: EventType
  readonly f: string
  /** Usually a text. Anything else is a key of its own: 1 and "1" are two. */
  readonly key?: Json | undefined
  readonly value?: Json | undefined
  readonly node?: string | undefined
  readonly error?: string | undefined
  readonly final?: boolean | undefined
  readonly session?: string | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
}
