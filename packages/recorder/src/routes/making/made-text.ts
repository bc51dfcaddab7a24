import type { Completion } from '@chaosproxy/history'
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

/** Returns the completion that a response gives. If the response is unclear, the operation may have been executed. */
export function answered(made: MadeRequest, answer: Answer, harmless: boolean): Completion {
  const completion = made.complete(answer)
  switch (completion.type) {
    case 'ok':
      return 'value' in completion ? completion : { type: harmless ? 'fail' : 'info', error: 'an answer of entries' }
    case 'fail':
      return completion
    case 'info':
    case 'not-understood':
      return { type: harmless ? 'fail' : 'info', error: completion.error }
  }
}
