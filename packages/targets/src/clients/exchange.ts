import type { Completion, Input } from '@chaosproxy/history'
import { answerText, bodyText, type MadeRequest } from '@chaosproxy/recorder/routes'
import type { Answer } from '@chaosproxy/wire/http'

export type WrittenRequest = MadeRequest['request']

export interface Exchange {
  readonly request: WrittenRequest
  readonly answer: Answer
}

export interface ExchangeWatch {
  /** Called when an operation is requested. The returned function is called when it ends. */
  requested(input: Input, request: WrittenRequest): (answer: Answer, completion: Completion) => void
}

/** Statuses that mean a refusal in every state of a cluster, for example with or without a leader. */
export const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 410, 415, 422, 500, 501])

/** Formats an exchange: `PUT /items/x0 {"item":7} was answered 200 {}`. Header fields may be secret. */
export const exchangeText = ({ request, answer }: Exchange): string =>
  `${requestTextOf(request)} was answered ${answerText(answer)}`

/** Formats a request: `PUT /items/x0 {"item":7}`. */
export const requestTextOf = ({ method, target, body }: WrittenRequest): string =>
  `${method} ${target}${bodyText(body)}`
