import { defineFamily, type FaultOf } from '../definition/family.ts'
import { counting, times } from '../definition/trigger.ts'
import { delayStream, goaway, grpcStatus, resetStream } from '../kinds/streams.ts'
import { headMatch, matchedClient, validateHeadMatch } from './http.ts'

/** The conditions of HTTP/1.1 faults, without conditions on bodies and responses. */
const match = { ...headMatch, client: matchedClient }

/** Requests (or responses) are counted from 1 on each link, from when the fault is applied. */
const when = { ...counting('request', ' of a link'), ...times }

/**
 * Faults on single HTTP/2 requests and responses. A fault hits a request when the request's headers pass the link. It
 * hits a response when the response's headers pass the link in the other direction.
 */
export const http2Family = defineFamily({
  name: 'http2',
  summary: 'single requests and responses over HTTP/2, including gRPC',
  noun: 'fault of HTTP/2',
  kinds: [delayStream, resetStream, grpcStatus, goaway],
  match,
  when,
  validateMatch: (given, _, where) => validateHeadMatch(given, `${where}: "match"`),
})

export type Http2Fault = FaultOf<typeof http2Family.kinds, typeof match, typeof when>
