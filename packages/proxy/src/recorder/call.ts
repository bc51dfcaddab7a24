import type { Json } from '@chaosproxy/history'

/** Said by the answer only: the value a server makes up, the key of what it creates. */
export const UNSAID: unique symbol = Symbol('unsaid')
export type Unsaid = typeof UNSAID

/** One operation that a request asks for. */
export interface Call {
  /** `read`, `write`, `cas`, … as the history's model has it. */
  readonly f: string
  /** Unsaid where the answer names the keys: each of its entries is an operation then. */
  readonly key?: string | Unsaid | undefined
  /** A read's is null, a cas has `[old, new]`. Unsaid where the answer tells what was written. */
  readonly value: Json | Unsaid
  /** Nothing is left behind by it whatever became of it, as by a read: its unknown outcome is as good as none. */
  readonly harmless?: boolean | undefined
  /** What remarks call it, as in `GET /kv/x`; by default by function and key. */
  readonly what?: string | undefined
  /** What the request calls itself (an idempotency key, a request id): attempts with one name are one intention. */
  readonly requestId?: string | undefined
}

/** What a request changes outside the record: nothing, these keys, or who knows what. */
export type Touches = 'nothing' | 'everything' | { readonly keys: readonly string[] }

/** What a mapping makes of a request. */
export type Understanding =
  /** Several where the request does several things. `session` names the client; undefined where nothing does. */
  | {
      readonly kind: 'operations'
      readonly calls: readonly [Call, ...Call[]]
      readonly session: string | undefined
      /** After these nothing is written any more: by them it is told whether the copies agree. */
      readonly final?: boolean | undefined
    }
  /** It is no operation. `what` names its kind, as in `GET /health`. */
  | { readonly kind: 'passed-on'; readonly what: string; readonly touches: Touches }
  /** It should be an operation, and lacks what makes it one. `key`: what it reads, where that is known. */
  | {
      readonly kind: 'not-understood'
      readonly what: string
      readonly why: string
      readonly key?: string | undefined
      readonly touches: Touches
    }

/** What remarks call an operation. */
export const nameOf = ({ what, f, key }: Call): string => what ?? (typeof key === 'string' ? `${f} of ${key}` : f)

/** What a mapping makes of an answer: `fail` only for a refusal after which certainly nothing was done. */
export type Completion =
  | { readonly type: 'ok'; readonly value: Json }
  /** Of a call whose key is unsaid: what was read or written, key by key. */
  | { readonly type: 'ok'; readonly entries: readonly Entry[] }
  | { readonly type: 'fail' | 'info'; readonly error: string }
  /** There is an answer, and what it says is not known: `error` says what is missing. */
  | { readonly type: 'not-understood'; readonly error: string }

export interface Entry {
  readonly key: string
  readonly value: Json
}

/** One for all calls of a request, or one for each. */
export type Completions = Completion | readonly Completion[]

/** How far an operation got, in bits: each edge of the proxy that its request, and then its answer, went over whole. */
export const EDGE = {
  clientIn: 1,
  /** The request's first byte was handed on: from here on it may have taken effect. */
  backendOut: 2,
  backendIn: 4,
  clientOut: 8,
} as const

export type Edges = number

export const ALL_EDGES: Edges = EDGE.clientIn | EDGE.backendOut | EDGE.backendIn | EDGE.clientOut

const edgeNames: readonly (readonly [Edges, string])[] = [
  [EDGE.clientIn, 'client-in'],
  [EDGE.backendOut, 'backend-out'],
  [EDGE.backendIn, 'backend-in'],
  [EDGE.clientOut, 'client-out'],
]

/** The names of the edges, in the order of a request's way. */
export const namesOfEdges = (edges: Edges): readonly string[] =>
  edgeNames.filter(([edge]) => (edges & edge) !== 0).map(([, name]) => name)
