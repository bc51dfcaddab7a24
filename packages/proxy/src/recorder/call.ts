import type { Json } from '@chaos/history'

/** What a mapping understands a request to be: the invocation of an operation. */
export interface Call {
  /** `read`, `write`, `cas`, … as the history's model has it. */
  readonly f: string
  readonly key?: string | undefined
  /** A read's is null, a cas has `[old, new]`. */
  readonly value: Json
  /** Nothing is left behind by it whatever became of it, as by a read: its unknown outcome is as good as none. */
  readonly harmless?: boolean | undefined
  /** What the request calls itself (an idempotency key, a request id): attempts with one name are one intention. */
  readonly requestId?: string | undefined
}

/** What a mapping makes of an answer: `fail` only for a refusal after which certainly nothing was done. */
export type Completion =
  | { readonly type: 'ok'; readonly value: Json }
  | { readonly type: 'fail' | 'info'; readonly error: string }

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
