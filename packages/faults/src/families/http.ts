import { UserError } from '@chaosproxy/history'
import type { HarmOf } from '../definition/definition.ts'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { optional, text, type ValuesOf } from '../definition/parameter.ts'
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
import { headMatch, matchedClient, validateHeadMatch } from './http-match.ts'

const match = {
  ...headMatch,
  body: optional(text('only requests with this text in their body (its first 64 KiB)')),
  status: optional(text('only responses with this status (503, 5xx)')),
  client: matchedClient,
}

/** Requests are counted from 1, over all connections, from when the fault was applied. */
const when = { ...counting('request'), ...times }

/** Links are those of the requests, `clients>n1`, even for faults of responses. */
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
  validateMatch({ status, ...head }, { kind, actsOnReplies }, where) {
    validateHeadMatch(head, `${where}: "match"`)
    if (status === undefined) return
    if (!/^[1-5](\d\d|xx)$/.test(status))
      throw new UserError(
        'input',
        `${where}: "match": "status" is ${quote(status)}. Write 503, or a class of them: 5xx.`,
      )
    if (actsOnReplies !== true)
      throw new UserError(
        'input',
        `${where}: ${kind}: "status" selects responses, and this fault acts before there is one.`,
      )
  },
})

export type HttpHarm = HarmOf<(typeof httpFamily.kinds)[number]>
export type HttpMatch = ValuesOf<typeof match>
export type HttpTrigger = ValuesOf<typeof when>
export type HttpFault = FaultOf<typeof httpFamily.kinds, typeof match, typeof when>

const onReplies: readonly string[] = httpFamily.kinds
  .filter(({ actsOnReplies }) => actsOnReplies)
  .map(({ kind }) => kind)

/** Whether a kind acts on responses, and so can be restricted to some of them. */
export const actsOnReplies = (kind: HttpHarm['kind']): boolean => onReplies.includes(kind)
