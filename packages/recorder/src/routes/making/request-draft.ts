import { canonical, type Json } from '@chaosproxy/history'
import { encodeSegment } from '@chaosproxy/wire/http'
import type { WrittenRequest } from '../mapping/try-request.ts'
import type { Trouble, WrittenParts } from '../places/place.ts'
import { findPlace } from '../places/place-of.ts'
import { placeParts } from '../table/route-table.ts'

/** A request built place by place, as a `Message` is read. */
export class RequestDraft implements WrittenParts {
  readonly #path: Map<string, string> = new Map()
  readonly #query: Map<string, string> = new Map()
  readonly #form: Map<string, string> = new Map()
  readonly #cookies: Map<string, string> = new Map()
  readonly #headers: Map<string, readonly [name: string, value: string]> = new Map()
  #json: { readonly value: Json } | undefined
  #body: string | undefined
  readonly #spell: (text: string) => string

  /** @param spell encodes a text as a path segment */
  constructor(spell: (text: string) => string = encodeSegment) {
    this.#spell = spell
  }

  /** Puts a value into a place. Returns why the place refuses it. */
  put(place: string, value: Json): Trouble {
    const found = findPlace(place)
    if (found === undefined) return `${place} is not a place in a request`
    const { name } = placeParts(place)
    if (found.holds === 'json') return found.write(this, name, value)
    const text = textOf(value)
    return text === undefined
      ? `${place} holds a text, so it cannot hold ${JSON.stringify(value)}`
      : found.write(this, name, text)
  }

  segment(name: string, text: string): Trouble {
    const place = `path.${name}`
    return text === '' ? `${place} cannot be empty` : putOnce(this.#path, name, text, place)
  }

  parameter(name: string, text: string): Trouble {
    return putOnce(this.#query, name, text, `query.${name}`)
  }

  header(name: string, text: string): Trouble {
    const place = `header.${name}`
    if (!FIELD_TEXT.test(text)) return notAField(place, text)
    const known = this.#headers.get(name.toLowerCase())
    if (known !== undefined && known[1] !== text) return twice(place, known[1], text)
    this.#headers.set(name.toLowerCase(), [name, text])
    return undefined
  }

  cookie(name: string, text: string): Trouble {
    const place = `cookie.${name}`
    if (!FIELD_TEXT.test(text) || text.includes(';')) return notAField(place, text)
    return putOnce(this.#cookies, name, text, place)
  }

  formField(name: string, text: string): Trouble {
    return putOnce(this.#form, name, text, `form.${name}`)
  }

  json(members: readonly string[], value: Json): Trouble {
    const tree = withMember(this.#json?.value, members, value)
    if (tree === undefined) return `${['json', ...members].join('.')} is taken by something else`
    this.#json = { value: tree }
    return undefined
  }

  body(text: string): Trouble {
    if (this.#body !== undefined && this.#body !== text) return twice('body', this.#body, text)
    this.#body = text
    return undefined
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name)
  }

  /** The finished request, or why there is none. */
  finish(method: string, pattern: string): WrittenRequest | { readonly why: string } {
    const path = this.#fillPath(pattern)
    if (typeof path === 'object') return path
    const bodies = this.#bodies()
    if (bodies.length > 1) return { why: `its body would be ${bodies.map(({ is }) => is).join(' and ')} at once` }
    const [body] = bodies
    if (body !== undefined && BODILESS.has(method)) return { why: `a ${method} has no body` }
    const query = parametersText(this.#query)
    const headers = [...this.#headers.values()]
    if (body !== undefined && !this.#headers.has('content-type')) headers.push(['Content-Type', body.type])
    if (this.#cookies.size > 0)
      headers.push(['Cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')])
    return { method, target: query === '' ? path : `${path}?${query}`, headers, body: body?.text ?? '' }
  }

  #fillPath(pattern: string): string | { readonly why: string } {
    if (pattern.includes('*'))
      return {
        why: 'nothing says what stands for * in its path: write the segment itself, or name it and say "when": {"path.NAME": "…"}',
      }
    const missing = [...pattern.matchAll(NAMES)].find(([, name = '']) => !this.#path.has(name))?.[1]
    if (missing !== undefined) return { why: `nothing says what stands for {${missing}} in its path` }
    return pattern.replaceAll(NAMES, (_, name: string) => this.#spell(this.#path.get(name) ?? ''))
  }

  #bodies(): readonly { readonly is: string; readonly type: string; readonly text: string }[] {
    return [
      ...(this.#json === undefined
        ? []
        : [{ is: 'JSON', type: 'application/json', text: JSON.stringify(this.#json.value) }]),
      ...(this.#form.size === 0
        ? []
        : [{ is: 'a form', type: 'application/x-www-form-urlencoded', text: parametersText(this.#form) }]),
      ...(this.#body === undefined ? [] : [{ is: 'a text', type: 'text/plain; charset=utf-8', text: this.#body }]),
    ]
  }
}

const NAMES = /\{(\w+)\}/g
/** Methods whose body has no meaning (RFC 9110 §9.3). */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE', 'OPTIONS'])
const FIELD_TEXT = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/

const notAField = (place: string, text: string): string => `${place} cannot hold ${JSON.stringify(text)}`
const twice = (place: string, one: string, other: string): string =>
  `${place} would have to be ${JSON.stringify(one)} and ${JSON.stringify(other)} at once`

/** The text form of a value. Lists and objects have no text form. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function putOnce(parts: Map<string, string>, name: string, text: string, place: string): Trouble {
  const known = parts.get(name)
  if (known !== undefined && known !== text) return twice(place, known, text)
  parts.set(name, text)
  return undefined
}

const parametersText = (parameters: ReadonlyMap<string, string>): string =>
  [...parameters].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')

/** Returns the tree with the value added; undefined if another value is there. */
function withMember(tree: Json | undefined, members: readonly string[], value: Json): Json | undefined {
  const [first, ...rest] = members
  if (first === undefined) return tree === undefined || canonical(tree) === canonical(value) ? value : undefined
  if (tree === undefined ? /^\d+$/.test(first) : Array.isArray(tree)) {
    const items = Array.isArray(tree) ? [...(tree as readonly Json[])] : []
    const at = Number(first)
    if (!Number.isInteger(at) || at > items.length) return undefined
    const item = withMember(items[at], rest, value)
    if (item === undefined) return undefined
    items[at] = item
    return items
  }
  if (tree !== undefined && (tree === null || typeof tree !== 'object')) return undefined
  const object = (tree ?? {}) as { readonly [name: string]: Json }
  const member = withMember(Object.hasOwn(object, first) ? object[first] : undefined, rest, value)
  return member === undefined ? undefined : { ...object, [first]: member }
}
