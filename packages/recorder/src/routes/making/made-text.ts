import { type Completion, printable } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import type { MadeRequest } from './request-maker.ts'

/**
 * The bytes of a request. The table may set the Host header.
 *
 * @param authority the server as `host:port`
 */
export function requestText({ request }: MadeRequest, authority: string): string {
  const { method, target, body } = request
  const fields = fieldsOf({ request }, authority).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n${body}`
}

export function fieldsOf(
  { request: { method, headers, body } }: Pick<MadeRequest, 'request'>,
  authority: string,
): readonly (readonly [name: string, value: string])[] {
  return [
    ...(headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', authority] as const]),
    ...headers,
    ...(body === '' && !WITH_BODY.has(method) ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
  ]
}

/** Requests with these methods need a Content-Length even without a body (RFC 9110 §8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** Statuses that refuse a request. */
const LEAST_REFUSING = 400

/** Bytes to keep of every answer: enough to show the reason of a refusal. */
export const REFUSAL_BYTES = 256

/**
 * Returns the completion that a response gives. If the response is unclear, the operation may have been executed. If
 * the error is only the status of a refusal, adds the beginning of the response's body.
 */
export function answered(made: MadeRequest, answer: Answer, harmless: boolean): Completion {
  const completion = completionOf(made, answer, harmless)
  const status = `status ${answer.status}`
  const isBare = completion.type !== 'ok' && [status, `${status}, which says nothing`].includes(completion.error)
  return isBare && answer.status >= LEAST_REFUSING
    ? { ...completion, error: `status ${answerText(answer)}` }
    : completion
}

function completionOf(made: MadeRequest, answer: Answer, harmless: boolean): Completion {
  const completion = made.complete(answer)
  switch (completion.type) {
    case 'ok':
      return 'value' in completion ? completion : { type: harmless ? 'fail' : 'info', error: 'an answer of entries' }
    case 'fail':
      return completion
    case 'info':
      return { type: harmless ? 'fail' : 'info', error: completion.error }
    case 'not-understood':
      return { type: harmless ? 'fail' : 'info', error: completion.error, misread: true }
  }
}

const MOST_SHOWN = 120
/** A longer page is cut, because its text is searched for pairs of tags. */
const MOST_READ = 20_000

export const answerText = ({ status, body }: Answer): string => `${status}${bodyText(textOf(body))}`

/** Formats a body: empty, or a space and at most 120 of its characters. */
export function bodyText(body: string): string {
  const text = /^\s*<!doctype html/i.test(body) ? withoutTags(body.slice(0, MOST_READ)) || body : body
  return text === '' ? '' : ` ${printable(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)}`
}

/** The text of a page, such as the error page of a framework. */
const withoutTags = (page: string): string =>
  page
    .replace(/<(head|style|script)\b[\s\S]*?<\/\1>|<[^>]*>|&nbsp;/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim()

export function textOf(body: Answer['body']): string {
  if (body === undefined) return ''
  if ('bytes' in body) return body.bytes.toString()
  return 'json' in body ? JSON.stringify(body.json) : ''
}
