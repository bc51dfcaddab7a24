import { UserError } from '@chaos/history'
import type { DatagramFault } from './datagram-fault.ts'
import { datagramHarms, datagramTriggerParameters } from './datagram-table.ts'
import type { FaultParameter, HarmDescription } from './harm-table.ts'
import { linkHarms, triggerParameters } from './harm-table.ts'
import type { HttpFault } from './http-fault.ts'
import { httpHarms, httpMatchParameters, httpTriggerParameters } from './http-table.ts'
import type { Http2Fault } from './http2-fault.ts'
import { http2Harms, parseHttp2Fault, streamMatchParameters, streamTriggerParameters } from './http2-table.ts'
import type { LinkFault } from './link-fault.ts'
import type { MessageFault } from './message-fault.ts'
import { matchParameters, messageHarms, messageTriggerParameters } from './message-table.ts'
import { parseDatagramFault } from './parse-datagram-fault.ts'
import { parseHttpFault } from './parse-http-fault.ts'
import { parseLinkFault } from './parse-link-fault.ts'
import { parseMessageFault } from './parse-message-fault.ts'
import { quote, readObject } from './read-parameters.ts'

/** Whatever a proxy can do to traffic: to bytes and connections, single messages, HTTP requests and answers, datagrams. */
export type TrafficFault = LinkFault | MessageFault | HttpFault | Http2Fault | DatagramFault

/** Faults that need the same knowledge of what they hurt. */
export interface FaultFamily {
  readonly name: 'tcp' | 'http' | 'http2' | 'message' | 'udp'
  readonly summary: string
  readonly harms: { readonly [kind: string]: HarmDescription }
  /** What may stand in `match`; nothing where there is nothing to match. */
  readonly match: readonly FaultParameter[]
  /** What may stand in `when`. */
  readonly when: readonly FaultParameter[]
  /** @throws UserError (input) that begins with `where`. */
  parse(value: unknown, where: string): TrafficFault
}

export const faultFamilies: readonly FaultFamily[] = [
  {
    name: 'tcp',
    summary: 'bytes and connections, whatever they carry',
    harms: linkHarms,
    match: [],
    when: triggerParameters,
    parse: parseLinkFault,
  },
  {
    name: 'http',
    summary: 'single requests and answers of HTTP/1.1',
    harms: httpHarms,
    match: httpMatchParameters,
    when: httpTriggerParameters,
    parse: parseHttpFault,
  },
  {
    name: 'http2',
    summary: 'single requests and responses of HTTP/2, and so of gRPC',
    harms: http2Harms,
    match: streamMatchParameters,
    when: streamTriggerParameters,
    parse: parseHttp2Fault,
  },
  {
    name: 'message',
    summary: 'single messages of RESP, JSON lines or a length prefix',
    harms: messageHarms,
    match: matchParameters,
    when: messageTriggerParameters,
    parse: parseMessageFault,
  },
  {
    name: 'udp',
    summary: 'single datagrams of UDP',
    harms: datagramHarms,
    match: [],
    when: datagramTriggerParameters,
    parse: parseDatagramFault,
  },
]

export const familyOf = (kind: unknown): FaultFamily | undefined =>
  typeof kind === 'string' ? faultFamilies.find(({ harms }) => Object.hasOwn(harms, kind)) : undefined

/** Every kind of fault there is, family by family. */
export const trafficFaultKinds: readonly string[] = faultFamilies.flatMap(({ harms }) => Object.keys(harms))

/** Reads a fault of any family from outside. @throws UserError (input) that begins with `where`. */
export function parseTrafficFault(value: unknown, where: string): TrafficFault {
  const { kind } = readObject(value, where)
  const family = familyOf(kind)
  if (family !== undefined) return family.parse(value, where)
  const what = kind === undefined ? '"kind" is missing' : `there is no fault ${quote(kind)}`
  throw new UserError('input', `${where}: ${what}. Known: ${trafficFaultKinds.join(', ')}.`)
}
