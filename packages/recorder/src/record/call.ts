import type { Json } from '@chaosproxy/history'

/** A value that only the reply contains, for example because the server generates it. */
export const UNSAID: unique symbol = Symbol('unsaid')
type Unsaid = typeof UNSAID

export interface Call {
  /** The model's function: `read`, `write`, `cas`, … */
  readonly f: string
  /**
   * The key. `UNSAID` means that only the reply contains keys. The call then becomes one operation for each key of the
   * reply.
   */
  readonly key?: string | Unsaid | undefined
  /** Null for a read, `[old, new]` for a cas. Unsaid, which means that only the reply contains the value. */
  readonly value: Json | Unsaid
  /**
   * Present if the server assigns a new version that only the reply contains, so that `value` is `UNSAID`. `from`: the
   * version that a cas expects.
   */
  readonly version?: { readonly from?: Json | undefined } | undefined
  /** Whether the operation has no effect, so that an unknown outcome does not matter. */
  readonly harmless?: boolean | undefined
  /** The name in remarks, such as `GET /kv/x`; by default function and key. */
  readonly what?: string | undefined
  readonly amount?: number | undefined
  /** Returns additional members of the completion event. Called when this event is written. */
  readonly more?: (() => { readonly [member: string]: Json }) | undefined
  /** An idempotency key or request id. Attempts with equal ids are retries of one operation. */
  readonly requestId?: string | undefined
}

/** The keys that a request may change outside the record. */
export type Touches = 'nothing' | 'everything' | { readonly keys: readonly string[] }

/** Returns the union of the keys that several requests may change. */
export function joined(all: readonly Touches[]): Touches {
  if (all.includes('everything')) return 'everything'
  const keys = all.flatMap((touches) => (typeof touches === 'object' ? touches.keys : []))
  return keys.length === 0 ? 'nothing' : { keys: [...new Set(keys)] }
}

export type Understanding =
  /** One or more operations. `session` is the client, if it is known. */
  | {
      readonly kind: 'operations'
      readonly calls: readonly [Call, ...Call[]]
      readonly session: string | undefined
      readonly final?: boolean | undefined
    }
  /** A request that is not an operation. `what` is its kind, such as `GET /health`. */
  | {
      readonly kind: 'passed-on'
      readonly what: string
      readonly touches: Touches
      /** Whether a client of chaos, not of the service, sent the request. Such a request is not counted. */
      readonly isOwn?: boolean | undefined
    }
  /** An operation that is not fully understood. `key`: the key that it reads. */
  | {
      readonly kind: 'not-understood'
      readonly what: string
      readonly why: string
      readonly key?: string | undefined
      readonly touches: Touches
    }

export const nameOf = ({ what, f, key }: Call): string => what ?? (typeof key === 'string' ? `${f} of ${key}` : f)

/** A mapping's interpretation of a reply. `fail` is a refusal that certainly had no effect. */
export type Interpretation =
  | { readonly type: 'ok'; readonly value: Json }
  /** The keys and values of a call, if the request does not contain the keys. */
  | { readonly type: 'ok'; readonly entries: readonly Entry[] }
  /**
   * `answered` is true if the state of the object was the reason for the refusal, as when a cas finds another value.
   */
  | { readonly type: 'fail'; readonly error: string; readonly answered?: true | undefined }
  | { readonly type: 'info'; readonly error: string }
  /** A reply with an unknown meaning, and why. */
  | { readonly type: 'not-understood'; readonly error: string }

export interface Entry {
  readonly key: string
  readonly value: Json
}

/** One completion for all calls of a request, or one completion for each call. */
export type Completions = Interpretation | readonly Interpretation[]

/**
 * Bit flags for the passage of a request and its reply through the proxy: received from the client, sent to the
 * backend, received from the backend, and sent to the client.
 */
export const EDGE = {
  clientIn: 1,
  /** Set at the request's first byte. From then on, the request may have taken effect. */
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

export const ok = (value: Json): Interpretation => ({ type: 'ok', value })

/** The completion of a call whose condition failed. */
export const declined = (error: string): Interpretation => ({ type: 'fail', error, answered: true })

export const notUnderstood = (error: string): Interpretation => ({ type: 'not-understood', error })
