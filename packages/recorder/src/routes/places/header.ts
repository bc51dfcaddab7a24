import type { Place } from './place.ts'

export const header: Place = {
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

/** A tag may be weak only because a proxy such as nginx has compressed the content; it is the same version. */
const ENTITY_TAGS: ReadonlySet<string> = new Set(['etag', 'if-match', 'if-none-match'])
