import { body } from './body.ts'
import { json } from './json.ts'
import { onlyOne, type Place, SIMPLE_NAME } from './place.ts'

/** Returns the members of `Place` that all places with a simple name share. Such places exist only in requests. */
const parameter = (kind: string): Pick<Place, 'kind' | 'name' | 'examples' | 'inAnswers' | 'holds'> => ({
  kind,
  name: SIMPLE_NAME,
  examples: [`${kind}.NAME`],
  inAnswers: false,
  holds: 'text',
})

/** The segment that matches `{NAME}`. */
const path: Place = {
  ...parameter('path'),
  fitting: /./s,
  body: 'none',
  namesClient: 'never',
  read: (name) => (message) => message.segment(name),
}

const query: Place = {
  ...parameter('query'),
  body: 'none',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.query, name),
}

const header: Place = {
  kind: 'header',
  name: "\\.[!#$%&'*+.^_`|~0-9A-Za-z-]+",
  examples: ['header.NAME'],
  inAnswers: true,
  holds: 'text',
  fitting: /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/,
  body: 'none',
  namesClient: 'made',
  read(name) {
    const field = name.toLowerCase()
    if (ENTITY_TAGS.has(field)) return (message) => message.headers?.get(field)?.replace(/^W\/(?="[^"]*"$)/, '')
    return (message) => message.headers?.get(field)
  },
}

/** A proxy such as nginx makes the tag of compressed content weak. A weak tag stands for the same version. */
const ENTITY_TAGS: ReadonlySet<string> = new Set(['etag', 'if-match', 'if-none-match'])

const cookie: Place = {
  ...parameter('cookie'),
  fitting: /^(?!.*;)(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/,
  body: 'none',
  namesClient: 'recorded',
  read: (name) => (message) => cookieOf(message.headers?.get('cookie'), name),
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
  ...parameter('form'),
  body: 'whole',
  namesClient: 'made',
  read: (name) => (message) => onlyOne(message.form, name),
}

/** To add a place, define it and list it here. Error messages use this order. */
export const places: readonly Place[] = [path, query, header, cookie, form, body, json]
