import { type Place, SIMPLE_NAME } from './place.ts'

export const cookie: Place = {
  kind: 'cookie',
  name: SIMPLE_NAME,
  examples: ['cookie.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'none',
  namesClient: 'recorded',
  read: (name) => (message) => cookieOf(message.headers?.get('cookie'), name),
  write: (request, name, text) => request.cookie(name, text),
}

/** RFC 6265 §4.2.1. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(/; */) ?? []) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1)
  }
  return undefined
}
