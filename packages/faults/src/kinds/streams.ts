import { defineFault } from '../definition/definition.ts'
import { choice, delay, optional, or, text, usually, wholeNumber } from '../definition/parameter.ts'

/** HTTP/2's error codes (RFC 9113 §7). */
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

const http2CodeNames: readonly Http2Code[] = Object.keys(http2Codes) as Http2Code[]

/**
 * Delays all frames of the request in this direction. Each header block depends on earlier blocks (RFC 7541 §2.2), so
 * after a delayed block, later blocks are sent uncompressed.
 */
export const delayStream = defineFault({
  kind: 'delay-stream',
  summary: 'delay the request or the response',
  parameters: delay,
})

const code = choice(http2CodeNames, 'the HTTP/2 error code')

/**
 * Forwards the request's headers, then ends the stream. The client receives the error `code`, and the server receives
 * CANCEL.
 */
export const resetStream = defineFault({
  kind: 'reset-stream',
  summary: 'end the request with RST_STREAM',
  parameters: { code: or(code, 'INTERNAL_ERROR') },
})

/** Like `reset-stream`, but the client receives a gRPC status, as if the server had ended the call. */
export const grpcStatus = defineFault({
  kind: 'grpc-status',
  summary: 'end the call with a gRPC status',
  parameters: {
    status: or(
      wholeNumber('the gRPC status code (14: UNAVAILABLE, 8: RESOURCE_EXHAUSTED)', { least: 1, most: 16 }),
      14,
    ),
    message: or(text('the message of the error'), 'an injected error'),
    after: usually(
      choice(
        ['nothing', 'forwarding'],
        'whether the call ends at its beginning (nothing) or after the server has replied (forwarding)',
      ),
      'nothing',
    ),
    messages: optional(wholeNumber('number of messages of the reply that arrive before the status')),
  },
})

/** Passes the headers on, then tells the client that no later request will be served. */
export const goaway = defineFault({
  kind: 'goaway',
  summary: 'send GOAWAY: the client must open a new connection for its next request',
  parameters: { code: or(code, 'NO_ERROR') },
})
