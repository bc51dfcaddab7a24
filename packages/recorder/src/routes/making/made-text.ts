import type { Completion } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import type { MadeRequest } from './request-maker.ts'

/** The bytes of a request, with a Host header unless the table gives one. @param authority the server as `host:port`. */
export function requestText({ request }: MadeRequest, authority: string): string {
  const { method, target, headers, body } = request
  const given = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const own = headers.some(([name]) => name.toLowerCase() === 'host') ? '' : `Host: ${authority}\r\n`
  const length = body === '' && !WITH_BODY.has(method) ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${target} HTTP/1.1\r\n${own}${given}${length}\r\n${body}`
}

/** Servers expect a Content-Length for these even if the body is empty (RFC 9110 §8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** What an answer means by the route table. What is not understood may have happened. */
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
