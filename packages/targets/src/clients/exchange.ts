import { type Completion, type Input, printable } from '@chaosproxy/history'
import type { MadeRequest } from '@chaosproxy/recorder/routes'
import type { Answer } from '@chaosproxy/wire/http'

export type WrittenRequest = MadeRequest['request']

export interface Exchange {
  readonly request: WrittenRequest
  readonly answer: Answer
}

export interface ExchangeWatch {
  /** Called when an operation is requested. The returned function is called when it ends. */
  asked(input: Input, request: WrittenRequest): (answer: Answer, completion: Completion) => void
}

/** Statuses that refuse a request regardless of the state of a cluster. */
export const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 410, 415, 422, 500, 501])

const MOST_SHOWN = 120

/** Formats an exchange: `PUT /items/x0 {"item":7} was answered 200 {}`. Header fields may be secret. */
export const exchangeText = ({ request, answer }: Exchange): string =>
  `${requestTextOf(request)} was answered ${answerText(answer)}`

/** Formats a request: `PUT /items/x0 {"item":7}`. */
export const requestTextOf = ({ method, target, body }: WrittenRequest): string => `${method} ${target}${shown(body)}`

export const answerText = ({ status, body }: Answer): string => `${status}${shown(textOf(body))}`

const shown = (text: string): string =>
  text === '' ? '' : ` ${printable(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)}`

export function textOf(body: Answer['body']): string {
  if (body === undefined) return ''
  if ('bytes' in body) return body.bytes.toString()
  return 'json' in body ? JSON.stringify(body.json) : ''
}
