import { inputError } from '@chaosproxy/history'
import type { HarmOf, Matching } from '../definition/definition.ts'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { optional, text, textOrNumber, type ValuesOf } from '../definition/parameter.ts'
import { quote } from '../definition/read-parameters.ts'
import { counting, times } from '../definition/trigger.ts'
import { trickleReply, trickleRequest, truncateReply } from '../kinds/bodies.ts'
import { editReply, editRequest } from '../kinds/edits.ts'
import {
  crashBeforeReply,
  delayReply,
  delayRequest,
  duplicateRequest,
  errorStatus,
  loseReply,
  loseRequest,
  rateLimit,
  reorderReplies,
  staleReply,
} from '../kinds/requests.ts'
import { statement, validateStatement } from './sql.ts'

/**
 * Conditions on a request's head. In a path, a name in braces matches one segment, and a star matches any remaining
 * text.
 */
export const headMatch = {
  method: optional(text('hit only requests with one of these methods (PUT,POST)')),
  path: optional(text('hit only requests whose path matches this pattern (/kv/{key}, /kv/:key, /static/*)')),
  header: optional(text('hit only requests with this header field')),
  headerValue: optional(textOrNumber('hit only requests in which the value of "header" contains this text')),
}

export const matchedClient = optional(text('hit only clients with this address or in this network'))

const match = {
  statement,
  ...headMatch,
  body: optional(textOrNumber('hit only requests with this text in the first 64 KiB of their body')),
  status: optional(textOrNumber('hit only responses with this status (503, 5xx)')),
  client: matchedClient,
}

/** Requests are counted from 1 over all connections, from when the fault is applied. */
const when = { ...counting('request'), ...times }

/**
 * Faults on single HTTP/1.1 requests and responses. The links of a fault name the direction of requests, `clients>n1`,
 * even if it acts on responses.
 */
export const httpFamily = defineFamily({
  name: 'http',
  summary: 'single requests and responses over HTTP/1.1',
  noun: 'HTTP fault',
  kinds: [
    loseRequest,
    crashBeforeReply,
    loseReply,
    delayReply,
    delayRequest,
    errorStatus,
    rateLimit,
    duplicateRequest,
    staleReply,
    reorderReplies,
    trickleRequest,
    trickleReply,
    truncateReply,
    editRequest,
    editReply,
  ],
  match,
  when,
  validateMatch({ status, statement: words, ...head }, { kind, actsOnReplies }, where) {
    validateHeadMatch(head, `${where}: "match"`)
    validateStatement({ statement: words }, `${where}: "match"`)
    if (words !== undefined && !isUnanswered(kind))
      throw inputError(
        `${where}: ${kind} cannot match an SQL "statement". Use lose-reply, crash-before-reply or sql-error.`,
      )
    if (status === undefined) return
    if (!/^[1-5](\d\d|xx)$/.test(status))
      throw inputError(
        `${where}: "match": "status" is ${quote(status)}. Give a status, such as 503, or a class of statuses, such as 5xx.`,
      )
    if (/^10[^1]$/.test(status))
      throw inputError(
        `${where}: "match": "status" is ${quote(status)}. The only interim response that faults act on is 101. Give 101, or a final status such as 2xx.`,
      )
    if (actsOnReplies !== true)
      throw inputError(
        `${where}: ${kind}: "status" selects responses, and this fault acts before the response. Leave "status" out.`,
      )
  },
})

/** Kinds of faults that withhold the reply to a completed request, in any protocol. */
const unanswered = ['lose-reply', 'crash-before-reply'] as const

const isUnanswered = (kind: string): boolean => unanswered.some((other) => other === kind)

export type UnansweredFault = Extract<HttpFault, { readonly kind: (typeof unanswered)[number] }>

export const isUnansweredFault = (fault: { readonly kind: string }): fault is UnansweredFault =>
  isUnanswered(fault.kind)

export type HttpHarm = HarmOf<(typeof httpFamily.kinds)[number]>
export type HttpMatch = Matching<typeof match>
export type HttpTrigger = ValuesOf<typeof when>
export type HttpFault = FaultOf<typeof httpFamily.kinds, typeof match, typeof when>

export const actsOnReplies = (kind: HttpHarm['kind']): boolean =>
  httpFamily.kinds.some((definition) => definition.kind === kind && definition.actsOnReplies === true)

/** @throws UserError (input) */
export function validateHeadMatch(
  { method, path, header, headerValue }: ValuesOf<typeof headMatch>,
  where: string,
): void {
  if (method !== undefined && !/^[A-Za-z-]+(,[A-Za-z-]+)*$/.test(method))
    throw inputError(`${where}: "method" is ${quote(method)}. Write GET, or several: PUT,POST.`)
  if (path !== undefined && !path.startsWith('/'))
    throw inputError(`${where}: "path" is ${quote(path)}. A path begins with a slash: /kv/{key}, /static/*.`)
  const never = path === undefined ? null : /[?#]|[^!-~]/.exec(path)
  if (path !== undefined && never !== null) {
    const isEncodable = !/[?#]/.test(never[0])
    throw inputError(
      `${where}: "path" is ${quote(path)}, and no path can contain ${quote(never[0])}: ${isEncodable ? 'clients send it percent-encoded' : 'a query or fragment is not part of the path'}. The nearest path is ${quote(isEncodable ? path.replace(/[^!-~]+/g, encodeURIComponent) : path.slice(0, never.index))}.`,
    )
  }
  const adjacent = path === undefined ? null : /\{\w+\}\{\w+\}/.exec(path)
  if (adjacent !== null)
    throw inputError(
      `${where}: "path" is ${quote(path)}: in ${adjacent[0]}, no text separates the two names. Put text between them, or replace them by one name.`,
    )
  if (header !== undefined && !/^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)) {
    const [name = '', value = ''] = header.split(/\s*:\s*/, 2)
    throw inputError(
      `${where}: "header" is ${quote(header)}, and no field has such a name. The nearest is "header" ${quote(name.trim())}${value === '' ? '' : ` with "headerValue" ${quote(value)}`}.`,
    )
  }
  if (headerValue !== undefined && header === undefined)
    throw inputError(`${where}: "headerValue" is the value of a header field. Give "header" as well.`)
}
