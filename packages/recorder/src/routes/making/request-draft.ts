import { canonical, foundOrMade, type Json } from '@chaosproxy/history'
import { encodeSegment } from '@chaosproxy/wire/http'
import type { WrittenRequest } from '../mapping/try-request.ts'
import { membersIn } from '../places/json.ts'
import { findPlace } from '../places/place-of.ts'
import { placeParts } from '../table/route-table.ts'

/** Why a value cannot be sent; undefined if it can be sent. */
export type Trouble = string | undefined

/**
 * A request that is built from values. Each value is put into a place of its own, such as `query.id`. A `Message` reads
 * values from the same places.
 */
export class RequestDraft {
  /**
   * The texts in the request: by kind of place, such as `header`, and then by name of the place. For a header, this
   * name is in lower case. The entry's `name` is the name as given.
   */
  readonly #texts: Map<string, Map<string, readonly [name: string, text: string]>> = new Map()
  #json: { readonly value: Json } | undefined
  readonly #spell: (text: string) => string

  /** @param spell encodes a text as a path segment */
  constructor(spell: (text: string) => string = encodeSegment) {
    this.#spell = spell
  }

  /** Puts a value into a place. Returns why the place refuses it. */
  put(place: string, value: Json): Trouble {
    const found = findPlace(place)
    if (found === undefined) return `${place} is not a place in a request`
    const { kind, name } = placeParts(place)
    if (found.holds === 'json') return this.#putJson(membersIn(name), value)
    const text = textOf(value)
    if (text === undefined) return `${place} holds a text, so it cannot hold ${JSON.stringify(value)}`
    if (found.fitting?.test(text) === false)
      return `${place} cannot ${text === '' ? 'be empty' : `hold ${JSON.stringify(text)}`}`
    if (found.carriedAs !== undefined) return this.put(...found.carriedAs(name, text))
    const texts = this.#of(kind)
    const id = kind === 'header' ? name.toLowerCase() : name
    const known = texts.get(id)?.[1] ?? text
    if (known !== text) return `${place} would have to be ${JSON.stringify(known)} and ${JSON.stringify(text)} at once`
    texts.set(id, [name, text])
    return undefined
  }

  #putJson(members: readonly string[], value: Json): Trouble {
    const tree = withMember(this.#json?.value, members, value)
    if (tree === undefined) return `${['json', ...members].join('.')} is taken by something else`
    this.#json = { value: tree }
    return undefined
  }

  #of(kind: string): Map<string, readonly [name: string, text: string]> {
    return foundOrMade(this.#texts, kind, () => new Map())
  }

  /** The finished request, or why there is none. */
  finish(method: string, pattern: string): WrittenRequest | { readonly why: string } {
    const path = this.#fillPath(pattern)
    if (typeof path === 'object') return path
    const bodies = this.#bodies()
    if (bodies.length > 1) return { why: `its body would be ${bodies.map(({ is }) => is).join(' and ')} at once` }
    const [body] = bodies
    if (body !== undefined && BODILESS.has(method)) return { why: `a ${method} has no body` }
    const query = parametersText(this.#of('query'))
    const headers = [...this.#of('header').values()]
    const cookies = [...this.#of('cookie').values()]
    if (body !== undefined && !this.#of('header').has('content-type')) headers.push(['Content-Type', body.type])
    if (cookies.length > 0) headers.push(['Cookie', cookies.map((pair) => pair.join('=')).join('; ')])
    return { method, target: query === '' ? path : `${path}?${query}`, headers, body: body?.text ?? '' }
  }

  #fillPath(pattern: string): string | { readonly why: string } {
    if (pattern.includes('*'))
      return {
        why: 'no value is given for * in its path: replace * with the segment, or {NAME} and "when": {"path.NAME": "…"}',
      }
    const segments = this.#of('path')
    const missing = [...pattern.matchAll(NAMES)].find(([, name = '']) => !segments.has(name))?.[1]
    if (missing !== undefined) return { why: `no value is given for {${missing}} in its path` }
    return pattern.replaceAll(NAMES, (_, name: string) => this.#spell(segments.get(name)?.[1] ?? ''))
  }

  #bodies(): readonly { readonly is: string; readonly type: string; readonly text: string }[] {
    const form = this.#of('form')
    const body = this.#of('body').get('')
    return [
      ...(this.#json === undefined
        ? []
        : [{ is: 'JSON', type: 'application/json', text: JSON.stringify(this.#json.value) }]),
      ...(form.size === 0
        ? []
        : [{ is: 'a form', type: 'application/x-www-form-urlencoded', text: parametersText(form) }]),
      ...(body === undefined ? [] : [{ is: 'a text', type: 'text/plain; charset=utf-8', text: body[1] }]),
    ]
  }
}

const NAMES = /\{(\w+)\}/g
/** Methods whose body has no meaning (RFC 9110 §9.3). */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE', 'OPTIONS'])

/** The text form of a value. Lists and objects have no text form. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

const parametersText = (parameters: ReadonlyMap<string, readonly [name: string, text: string]>): string =>
  [...parameters.values()].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')

/** Returns a copy of the tree with the value added. Undefined if the tree has another value at this place. */
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
