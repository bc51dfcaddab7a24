import { UserError } from '@chaos/history'
import type { FaultParameter, HarmDescription } from './harm-table.ts'
import { httpMatchParameters } from './http-table.ts'
import { type Http2Fault, type Http2Harm, type Http2Match, http2Codes, type StreamTrigger } from './http2-fault.ts'
import { messageTriggerParameters } from './message-table.ts'
import { parseHttpMatch } from './parse-http-fault.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

const code = (usual: keyof typeof http2Codes): FaultParameter => ({
  name: 'code',
  unit: 'text',
  summary: 'why, as HTTP/2 says it',
  default: usual,
  values: Object.keys(http2Codes),
})

/** Every fault of a request of HTTP/2: the one place where its parameters and their units are named. */
export const http2Harms: { readonly [kind in Http2Harm['kind']]: HarmDescription } = {
  'delay-stream': {
    summary: 'the request, or the response, comes later',
    parameters: [
      { name: 'delayMs', unit: 'ms', summary: 'how much later' },
      { name: 'jitterMs', unit: 'ms', summary: 'how far delays spread, evenly to both sides', default: 0 },
    ],
  },
  'reset-stream': { summary: 'the request is ended by RST_STREAM', parameters: [code('INTERNAL_ERROR')] },
  goaway: {
    summary: 'the client is told by GOAWAY to go elsewhere with its next request',
    parameters: [code('NO_ERROR')],
  },
}

const STREAM_MATCHES: readonly (keyof Http2Match)[] = ['method', 'path', 'header', 'headerValue', 'client']
/** What narrows a fault to requests whose headers say something: as for HTTP/1.1, without what bodies and answers say. */
export const streamMatchParameters: readonly FaultParameter[] = httpMatchParameters.filter(({ name }) =>
  STREAM_MATCHES.some((known) => known === name),
)

const STREAM_TRIGGERS: readonly string[] = ['probability', 'nth', 'first', 'every', 'fromMs', 'untilMs']
/** What narrows a fault to some of the requests: as for messages, of which they are a kind. */
export const streamTriggerParameters: readonly FaultParameter[] = messageTriggerParameters.filter(({ name }) =>
  STREAM_TRIGGERS.includes(name),
)

/** Whether a kind is that of a fault of HTTP/2's requests. */
export const isHttp2Harm = (kind: unknown): kind is Http2Harm['kind'] =>
  typeof kind === 'string' && Object.hasOwn(http2Harms, kind)

/** Reads a fault from outside: see `parseLinkFault`. @throws UserError (input) */
export function parseHttp2Fault(value: unknown, where: string): Http2Fault {
  const members = readObject(value, where)
  const { kind, when } = members
  if (!isHttp2Harm(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no fault of HTTP/2 ${quote(kind)}`}. Known: ${Object.keys(http2Harms).join(', ')}.`,
    )
  const parameters = readParameters(http2Harms[kind].parameters, members, `${where}: ${kind}`, [
    'kind',
    'links',
    'match',
    'when',
  ])
  // The table names, for each kind, just the members its type has.
  const harm = { kind, ...parameters } as Http2Harm
  const links = parseLinks(members['links'], where)
  const match = parseHttpMatch(members['match'], `${where}: "match"`, streamMatchParameters)
  const matching = match === undefined ? {} : { match }
  if (when === undefined || when === null) return { ...harm, links, ...matching }
  const trigger = readParameters(streamTriggerParameters, readObject(when, `${where}: "when"`), `${where}: "when"`)
  return { ...harm, links, ...matching, when: trigger as StreamTrigger }
}
