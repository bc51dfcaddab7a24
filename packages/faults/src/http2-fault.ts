import type { Millis } from '@chaos/history'
import type { Link } from './fault.ts'
import type { HttpMatch } from './http-fault.ts'

/** The codes by which HTTP/2 says why (RFC 9113 §7). */
export const http2Codes = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const

export type Http2Code = keyof typeof http2Codes

/** What can happen to a request of HTTP/2, and so of gRPC, as its headers pass a link; or to its response, on the way back. */
export type Http2Harm =
  /**
   * Everything of it comes later, in this direction. Header blocks of others that come meanwhile wait behind its own:
   * compression makes each depend on those before it (RFC 7541 §2.2). What others have under way goes on.
   */
  | { readonly kind: 'delay-stream'; readonly delayMs: Millis; readonly jitterMs: Millis }
  /** Its headers go on, and then both sides are told that it is over: the client with this code, the server that it is cancelled. */
  | { readonly kind: 'reset-stream'; readonly code: Http2Code }
  /** Its headers go on, and the client is told that no later request on its connection will be served. */
  | { readonly kind: 'goaway'; readonly code: Http2Code }

/** Which requests, or responses to them, by what the headers of the request say; all that is given must hold. */
export type Http2Match = Pick<HttpMatch, 'method' | 'path' | 'header' | 'headerValue' | 'client'>

/** Which of the requests (or responses) that match. They are counted from 1 on each link, from when the fault was applied. */
export interface StreamTrigger {
  readonly probability?: number | undefined
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  readonly fromMs?: Millis | undefined
  readonly untilMs?: Millis | undefined
}

export type Http2Fault = Http2Harm & {
  readonly links: readonly Link[]
  readonly match?: Http2Match | undefined
  readonly when?: StreamTrigger | undefined
}
