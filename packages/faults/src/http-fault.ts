import type { Json, Millis } from '@chaos/history'
import type { Link } from './fault.ts'

/** How a client is left without an answer: its connection is reset, or nothing ever comes. */
export type Silence = 'reset' | 'hang'

/** What can happen to a single request, or to its answer. The first four are the four ways not to get an answer. */
export type HttpHarm =
  /** It never reaches the server. */
  | { readonly kind: 'lose-request'; readonly silence: Silence }
  /** The server gets all of it, and is gone before it answers. */
  | { readonly kind: 'crash-before-reply' }
  /** The server answers, and the answer never reaches the client. */
  | { readonly kind: 'lose-reply'; readonly silence: Silence }
  /** The answer, and what follows it on its connection, comes later. */
  | { readonly kind: 'delay-reply'; readonly delayMs: Millis; readonly jitterMs: Millis }
  /** The request, and what follows it on its connection, reaches the server later. */
  | { readonly kind: 'delay-request'; readonly delayMs: Millis; readonly jitterMs: Millis }
  /** The client is told this status: before the request left, or once the server has done it. */
  | {
      readonly kind: 'error-status'
      readonly status: number
      readonly body: string
      readonly after: 'nothing' | 'forwarding'
    }
  /** More requests than these are refused with 429, or another status. */
  | {
      readonly kind: 'rate-limit'
      readonly requestsPerSecond: number
      readonly burst: number
      readonly status: number
    }
  /** The server gets it so many more times; the client sees one answer. */
  | { readonly kind: 'duplicate-request'; readonly copies: number }
  /** The client gets the answer that this request, with this target, had before the last time it changed. */
  | { readonly kind: 'stale-reply' }
  /** Answers of different connections overtake each other: this one waits for another one, at most so long. */
  | { readonly kind: 'reorder-replies'; readonly withinMs: Millis }
  /** The body comes in small pieces. */
  | { readonly kind: 'trickle-request'; readonly pieceBytes: number; readonly pauseMs: Millis }
  | { readonly kind: 'trickle-reply'; readonly pieceBytes: number; readonly pauseMs: Millis }
  /** So much of the answer's body comes, and then the connection is reset. */
  | { readonly kind: 'truncate-reply'; readonly bytes: number }
  /** Fields are set (`{"Name":"value"}`) or taken out (`{"Name":null}`), and the body exchanged. */
  | { readonly kind: 'edit-request'; readonly headers?: Json | undefined; readonly body?: string | undefined }
  | {
      readonly kind: 'edit-reply'
      readonly headers?: Json | undefined
      readonly body?: string | undefined
      readonly status?: number | undefined
    }

/** Which requests, by what they and their answers say; all that is given must hold. */
export interface HttpMatch {
  /** `GET`, or several: `PUT,POST`. */
  readonly method?: string | undefined
  /** Of the path without its query: `/kv/{key}`, `/static/*`. A name in braces stands for one segment, a star for any rest. */
  readonly path?: string | undefined
  /** The request has this field; with `headerValue`, with this text in its value. */
  readonly header?: string | undefined
  readonly headerValue?: string | undefined
  /** The request's body has this text in it (in its first 64 KiB). */
  readonly body?: string | undefined
  /** Of the answer: `503`, or a class of them: `5xx`. Only for what happens to answers. */
  readonly status?: string | undefined
  /** Only clients of this address or network: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`. */
  readonly client?: string | undefined
}

/** Which of the requests that match. They are counted from 1, over all connections, from when the fault was applied. */
export interface HttpTrigger {
  /** Of each request; drawn from a stream of chance of the fault and the connection. */
  readonly probability?: number | undefined
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  /** From, and until, so long after the fault was applied. */
  readonly fromMs?: Millis | undefined
  readonly untilMs?: Millis | undefined
}

/** `links` name the way of the requests: `clients>n1`. */
export type HttpFault = HttpHarm & {
  readonly links: readonly Link[]
  readonly match?: HttpMatch | undefined
  readonly when?: HttpTrigger | undefined
}
