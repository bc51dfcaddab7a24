import type { Json } from '@chaosproxy/history'

/** The value is known only from the reply, such as one that the server generates. */
export const UNSAID: unique symbol = Symbol('unsaid')
type Unsaid = typeof UNSAID

export interface Call {
  /** The model's function: `read`, `write`, `cas`, … */
  readonly f: string
  /** Unsaid if the reply contains the keys; then each of its entries is an operation. */
  readonly key?: string | Unsaid | undefined
  /** Null for a read, `[old, new]` for a cas. Unsaid if only the reply has the written value. */
  readonly value: Json | Unsaid
  /**
   * For an unsaid value that is a version: the server chooses it, and it equals no other. `from`: the version that a
   * cas expects.
   */
  readonly version?: { readonly from?: Json | undefined } | undefined
  /** Whether it has no effect whatever its outcome, like a read, so that an unknown outcome does not matter. */
  readonly harmless?: boolean | undefined
  /** Its name in remarks, such as `GET /kv/x`; by default function and key. */
  readonly what?: string | undefined
  /** The added amount, if only the reply has the sum. */
  readonly amount?: number | undefined
  /** Further members of its completion, called when that is written. */
  readonly more?: (() => { readonly [member: string]: Json }) | undefined
  /** An idempotency key or request id: attempts with the same one are retries of one another. */
  readonly requestId?: string | undefined
}

/** The keys that a request may change outside the record. */
export type Touches = 'nothing' | 'everything' | { readonly keys: readonly string[] }

/** A mapping's interpretation of a request. */
export type Understanding =
  /** One or more operations. `session` identifies the client; undefined if nothing does. */
  | {
      readonly kind: 'operations'
      readonly calls: readonly [Call, ...Call[]]
      readonly session: string | undefined
      /** Final reads, made after all writes, which show whether the replicas agree. */
      readonly final?: boolean | undefined
    }
  /** Not an operation. `what` names its kind, such as `GET /health`. */
  | { readonly kind: 'passed-on'; readonly what: string; readonly touches: Touches }
  /** It should be an operation but lacks a part. `key`: the key that it reads, if known. */
  | {
      readonly kind: 'not-understood'
      readonly what: string
      readonly why: string
      readonly key?: string | undefined
      readonly touches: Touches
    }

/** The name of an operation in remarks. */
export const nameOf = ({ what, f, key }: Call): string => what ?? (typeof key === 'string' ? `${f} of ${key}` : f)

/** A mapping's interpretation of a reply. `fail` only for a refusal after which certainly nothing was done. */
export type Interpretation =
  | { readonly type: 'ok'; readonly value: Json }
  /** For a call whose key is unsaid: the values read or written, by key. */
  | { readonly type: 'ok'; readonly entries: readonly Entry[] }
  /** `answered`: the object itself declined, for example a cas that found another value. */
  | { readonly type: 'fail'; readonly error: string; readonly answered?: true | undefined }
  | { readonly type: 'info'; readonly error: string }
  /** There is a reply, but its meaning is unknown. `error` says what is missing. */
  | { readonly type: 'not-understood'; readonly error: string }

export interface Entry {
  readonly key: string
  readonly value: Json
}

/** One completion for all calls of a request, or one for each. */
export type Completions = Interpretation | readonly Interpretation[]

/**
 * How far an operation got: a bit for each edge of the proxy that its request, and then its reply, has crossed
 * completely.
 */
export const EDGE = {
  clientIn: 1,
  /** Set with the request's first byte, from which on it may have taken effect. */
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

export const namesOfEdges = (edges: Edges): readonly string[] =>
  edgeNames.filter(([edge]) => (edges & edge) !== 0).map(([, name]) => name)
