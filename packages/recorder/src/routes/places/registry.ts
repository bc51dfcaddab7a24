import { body } from './body.ts'
import { json } from './json.ts'
import { onlyOne, type Place, SIMPLE_NAME } from './place.ts'

/** The segment that matches `{NAME}`. */
const path: Place = {
  kind: 'path',
  name: SIMPLE_NAME,
  examples: ['path.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'none',
  namesClient: 'never',
  read: (name) => (message) => message.segment(name),
  write: (request, name, text) => request.segment(name, text),
}

const query: Place = {
  kind: 'query',
  name: SIMPLE_NAME,
  examples: ['query.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'none',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.query, name),
  write: (request, name, text) => request.parameter(name, text),
}

const header: Place = {
  kind: 'header',
  name: "\\.[!#$%&'*+.^_`|~0-9A-Za-z-]+",
  examples: ['header.NAME'],
  inAnswers: true,
  holds: 'text',
  body: 'none',
  namesClient: 'made',
  read(name) {
    const field = name.toLowerCase()
    if (ENTITY_TAGS.has(field)) return (message) => message.headers?.get(field)?.replace(/^W\/(?="[^"]*"$)/, '')
    return (message) => message.headers?.get(field)
  },
  write: (request, name, text) => request.header(name, text),
}

/** A proxy such as nginx weakens the tag of compressed content. The version is the same. */
const ENTITY_TAGS: ReadonlySet<string> = new Set(['etag', 'if-match', 'if-none-match'])

const cookie: Place = {
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

const form: Place = {
  kind: 'form',
  name: SIMPLE_NAME,
  examples: ['form.NAME'],
  inAnswers: false,
  holds: 'text',
  body: 'whole',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.form, name),
  write: (request, name, text) => request.formField(name, text),
}

/** To add a place, define it and list it here. Error messages use this order. */
export const places: readonly Place[] = [path, query, header, cookie, form, body, json]
