import type { FaultParameter, HarmDescription } from './harm-table.ts'
import type { HttpHarm, HttpMatch, HttpTrigger } from './http-fault.ts'

const silenceParameter: FaultParameter = {
  name: 'silence',
  unit: 'text',
  summary: 'reset: the client sees its connection reset; hang: it sees nothing',
  default: 'reset',
  values: ['reset', 'hang'],
}
const delay: readonly FaultParameter[] = [
  { name: 'delayMs', unit: 'ms', summary: 'how much later' },
  { name: 'jitterMs', unit: 'ms', summary: 'how far delays spread, evenly to both sides', default: 0 },
]
const trickle: readonly FaultParameter[] = [
  { name: 'pieceBytes', unit: 'bytes', summary: 'size of a piece', default: 1, least: 1 },
  { name: 'pauseMs', unit: 'ms', summary: 'pause before each piece', default: 10 },
]
const status: FaultParameter = {
  name: 'status',
  unit: 'count',
  summary: 'the status the client sees',
  default: 503,
  least: 200,
  most: 599,
}
const edits: readonly FaultParameter[] = [
  {
    name: 'headers',
    unit: 'json',
    summary: 'fields to set ({"Name":"value"}) or to take out ({"Name":null})',
    optional: true,
  },
  { name: 'body', unit: 'text', summary: 'what the body says instead', optional: true },
]

/** Every fault of an HTTP request or answer: the one place where its parameters and their units are named. */
export const httpHarms: { readonly [kind in HttpHarm['kind']]: HarmDescription } = {
  'lose-request': { summary: 'the request never reaches the server', parameters: [silenceParameter] },
  'crash-before-reply': { summary: 'the server gets the request and is gone before it answers', parameters: [] },
  'lose-reply': { summary: 'the server answers, and the client never hears of it', parameters: [silenceParameter] },
  'delay-reply': { summary: 'the answer comes later', parameters: delay },
  'delay-request': { summary: 'the request reaches the server later', parameters: delay },
  'error-status': {
    summary: 'the client is told an error',
    parameters: [
      status,
      { name: 'body', unit: 'text', summary: 'what it is told', default: 'an injected error\n' },
      {
        name: 'after',
        unit: 'text',
        summary: 'nothing: the request never left; forwarding: the server has done it',
        default: 'nothing',
        values: ['nothing', 'forwarding'],
      },
    ],
  },
  'rate-limit': {
    summary: 'requests beyond the rate are refused',
    parameters: [
      { name: 'requestsPerSecond', unit: 'count', summary: 'the rate', least: 1 },
      { name: 'burst', unit: 'count', summary: 'how many may come at once', default: 1, least: 1 },
      { ...status, default: 429 },
    ],
  },
  'duplicate-request': {
    summary: 'the server gets the request several times',
    parameters: [
      { name: 'copies', unit: 'count', summary: 'how many come on top of it', default: 1, least: 1, most: 100 },
    ],
  },
  'stale-reply': { summary: 'the client gets an answer of before the last change', parameters: [] },
  'reorder-replies': {
    summary: 'the answer waits until that of another connection has overtaken it',
    parameters: [
      { name: 'withinMs', unit: 'ms', summary: 'how long it waits for one at most', default: 1000, most: 3_600_000 },
    ],
  },
  'trickle-request': { summary: "the request's body comes in small pieces", parameters: trickle },
  'trickle-reply': { summary: "the answer's body comes in small pieces", parameters: trickle },
  'truncate-reply': {
    summary: "the connection is reset in the middle of the answer's body",
    parameters: [{ name: 'bytes', unit: 'bytes', summary: 'how much of the body comes', default: 0 }],
  },
  'edit-request': { summary: "the request's fields or body are changed", parameters: edits },
  'edit-reply': {
    summary: "the answer's fields, body or status are changed",
    parameters: [...edits, { ...status, default: undefined, optional: true }],
  },
}

/** What narrows a fault to requests, or answers, that say something. */
export const httpMatchParameters: readonly (FaultParameter & { readonly name: keyof HttpMatch })[] = [
  { name: 'method', unit: 'text', summary: 'only these methods (PUT,POST)', optional: true },
  { name: 'path', unit: 'text', summary: 'only paths like this (/kv/{key}, /static/*)', optional: true },
  { name: 'header', unit: 'text', summary: 'only requests with this field', optional: true },
  { name: 'headerValue', unit: 'text', summary: 'and this text in its value', optional: true },
  { name: 'body', unit: 'text', summary: 'only requests with this text in their body', optional: true },
  { name: 'status', unit: 'text', summary: 'only answers with this status (503, 5xx)', optional: true },
  { name: 'client', unit: 'text', summary: 'only clients of this address or network', optional: true },
]

/** What narrows a fault to some of the requests that match. */
export const httpTriggerParameters: readonly (FaultParameter & { readonly name: keyof HttpTrigger })[] = [
  { name: 'probability', unit: 'probability', summary: 'of each request to be hit', optional: true },
  { name: 'nth', unit: 'count', summary: 'only this request, counted from 1', optional: true, least: 1 },
  { name: 'first', unit: 'count', summary: 'only so many requests', optional: true, least: 1 },
  { name: 'every', unit: 'count', summary: 'only each so-manyth request', optional: true, least: 1 },
  { name: 'fromMs', unit: 'ms', summary: 'only from so long after it was applied', optional: true },
  { name: 'untilMs', unit: 'ms', summary: 'only until so long after it was applied', optional: true },
]

const REPLY_HARMS: readonly HttpHarm['kind'][] = [
  'lose-reply',
  'delay-reply',
  'stale-reply',
  'reorder-replies',
  'trickle-reply',
  'truncate-reply',
  'edit-reply',
]

/** What acts on answers can be narrowed by what they say. */
export const actsOnReplies = (kind: HttpHarm['kind']): boolean => REPLY_HARMS.includes(kind)
