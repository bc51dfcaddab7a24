import type { Json } from '@chaosproxy/history'

/** Stands for a value that only the reply contains, for example because the server generates it. */
export const UNSAID: unique symbol = Symbol('unsaid')
type Unsaid = typeof UNSAID

export interface Call {
  /** The model's function: `read`, `write`, `cas`, … */
  readonly f: string
  /** The key; unsaid if the reply contains the keys. Each entry of the reply is then an operation. */
  readonly key?: string | Unsaid | undefined
  /** Null for a read, `[old, new]` for a cas. Unsaid if only the reply contains the written value. */
  readonly value: Json | Unsaid
  /**
   * Present if the unsaid value is a version. The server chooses a version that differs from all earlier versions.
   * `from` is the version that a cas expects.
   */
  readonly version?: { readonly from?: Json | undefined } | undefined
  /** Whether the operation never has an effect, like a read, so that an unknown outcome does not matter. */
  readonly harmless?: boolean | undefined
  /** The operation's name in remarks, such as `GET /kv/x`; by default its function and key. */
  readonly what?: string | undefined
  /** The added amount, if only the reply contains the sum. */
  readonly amount?: number | undefined
  /** Returns additional members of the completion. Called when the completion is written. */
  readonly more?: (() => { readonly [member: string]: Json }) | undefined
  /** An idempotency key or request id: attempts with an equal id are retries of one operation. */
  readonly requestId?: string | undefined
}

/** The keys that a request may change outside the record. */
export type Touches = 'nothing' | 'everything' | { readonly keys: readonly string[] }

/** A mapping's interpretation of a request. */
export type Understanding =
  /** One or more operations. `session` identifies the client; undefined if the client is unknown. */
  | {
      readonly kind: 'operations'
      readonly calls: readonly [Call, ...Call[]]
      readonly session: string | undefined
      /**
       * Whether these are final reads. Clients make final reads after all writes, to show whether the replicas agree.
       */
      readonly final?: boolean | undefined
    }
  /** A request that is not an operation. `what` names its kind, such as `GET /health`. */
  | { readonly kind: 'passed-on'; readonly what: string; readonly touches: Touches }
  /** An operation of which a part is missing. `key`: the key that it reads, if known. */
  | {
      readonly kind: 'not-understood'
      readonly what: string
      readonly why: string
      readonly key?: string | undefined
      readonly touches: Touches
    }

/** The name of an operation in remarks. */
export const nameOf = ({ what, f, key }: Call): string => what ?? (typeof key === 'string' ? `${f} of ${key}` : f)

/** A mapping's interpretation of a reply. `fail` only for a refusal that certainly had no effect. */
export type Interpretation =
  | { readonly type: 'ok'; readonly value: Json }
  /** For a call whose key is unsaid: the values read or written, by key. */
  | { readonly type: 'ok'; readonly entries: readonly Entry[] }
  /** `answered`: the object itself declined, for example for a cas that found another value. */
  | { readonly type: 'fail'; readonly error: string; readonly answered?: true | undefined }
  | { readonly type: 'info'; readonly error: string }
  /** A reply with an unknown meaning. `error` says why it is unknown. */
  | { readonly type: 'not-understood'; readonly error: string }

export interface Entry {
  readonly key: string
  readonly value: Json
}

/** A single completion for all calls of a request, or one completion for each call. */
export type Completions = Interpretation | readonly Interpretation[]

/**
 * The progress of an operation: one bit for each edge of the proxy that the request or the reply has crossed
 * completely.
 */
export const EDGE = {
  clientIn: 1,
  /** Set when the first byte of the request is sent. The request may have taken effect from that moment on. */
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
