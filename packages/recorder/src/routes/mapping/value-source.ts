import type { Json } from '@chaosproxy/history'
import { canonical, UserError } from '@chaosproxy/history'
import { formOf, isList } from '../forms/form-of.ts'
import { placeParts, type ValueSource, type ValueSpec } from '../table/route-table.ts'
import { LONGEST_TEXT_BYTES, withoutLineEnd } from './body-value.ts'
import type { Message } from './message.ts'
import type { Scene } from './scene.ts'

/** Reads a value; undefined if the place is empty. */
export type ReadValue = (scene: Scene) => Json | undefined

/** The side of a place without the prefix `answer.`. */
export type Side = 'request' | 'answer'

/** The longest body to keep for JSON and forms, which must be read whole. */
const LONGEST_PARSED_BYTES = 1024 * 1024

const ANSWER = 'answer.'

/** Compiles a value that the parser has validated into a function that reads it. */
export function compileValue(spec: ValueSpec, side: Side): ReadValue {
  if (typeof spec === 'string') return compileSource(spec, side)
  if (isList(spec)) return compileList(spec, side)
  const form = formOf(spec)
  const join = form.join(spec)
  const parts = form.parts(spec)
  if (parts.length === 0) {
    const only = join([])
    return () => only
  }
  const read = compileList(parts, side)
  return (scene) => {
    const values = read(scene)
    return values === undefined ? undefined : join(values)
  }
}

function compileList(specs: readonly ValueSpec[], side: Side): (scene: Scene) => readonly Json[] | undefined {
  const parts = specs.map((spec) => compileValue(spec, side))
  return (scene) => {
    const values: Json[] = []
    for (const part of parts) {
      const value = part(scene)
      if (value === undefined) return undefined
      values.push(value)
    }
    return values
  }
}

/**
 * Compiles a key: parts are joined by slashes, and a part that contains a slash is written as JSON text.
 */
export function compileKey(spec: ValueSpec, side: Side): (scene: Scene) => string | undefined {
  const parts = (isList(spec) ? spec : [spec]).map((part) => compileValue(part, side))
  const [only] = parts
  if (only !== undefined && parts.length === 1) return (scene) => keyText(only(scene))
  return (scene) => {
    const texts = parts.map((part) => keyText(part(scene)))
    return texts.includes(undefined) ? undefined : texts.map((text = '') => asPart(text)).join('/')
  }
}

/** The parts that `compileKey` joined to this key; undefined if their number differs. */
export function partsOfKey(key: string, count: number): readonly string[] | undefined {
  const parts: string[] = []
  PART.lastIndex = 0
  for (let left = true; left; ) {
    const found = PART.exec(key)
    if (found === null || parts.length === count) return undefined
    const [, text = '', slash] = found
    parts.push(text.startsWith('"') ? JSON.parse(text) : text)
    left = slash === '/'
  }
  return parts.length === count ? parts : undefined
}

const PART = /("(?:[^"\\]|\\.)*"|(?!")[^/]*)(\/|$)/y

const asPart = (text: string): string => (/^"|\//.test(text) ? JSON.stringify(text) : text)

function keyText(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : canonical(value)
}

/** All places that a value is composed of. */
export function sourcesOf(spec: ValueSpec | undefined): readonly ValueSource[] {
  if (spec === undefined) return []
  if (typeof spec === 'string') return [spec]
  if (isList(spec)) return spec.flatMap(sourcesOf)
  return formOf(spec).parts(spec).flatMap(sourcesOf)
}

export const isOfAnswer = (source: ValueSource): boolean => source.startsWith(ANSWER)

/** How much of a body must be kept to read these places. */
export function bytesFor(sources: readonly ValueSource[], side: Side): number {
  const places = sources.filter((source) => isOfAnswer(source) === (side === 'answer')).map(withoutAnswer)
  if (places.some((place) => /^(json|form)\b/.test(place))) return LONGEST_PARSED_BYTES
  return places.includes('body') ? LONGEST_TEXT_BYTES : 0
}

const withoutAnswer = (source: ValueSource): string => (isOfAnswer(source) ? source.slice(ANSWER.length) : source)

/** The place with the prefix `answer.`, added if missing. */
export const inAnswer = (source: ValueSource): ValueSource =>
  /^(item|name)\b/.test(source) || isOfAnswer(source) ? source : `${ANSWER}${source}`

function compileSource(source: ValueSource, side: Side): ReadValue {
  const place = withoutAnswer(source)
  const { kind, name } = placeParts(place)
  const members = name === '' ? [] : name.split('.')
  if (kind === 'item') return ({ item }) => (item === undefined ? undefined : memberOf(item.value, members))
  if (kind === 'name') return ({ item }) => item?.name
  const read = compilePlace(kind, name, members)
  if (isOfAnswer(source) || side === 'answer') return ({ answer }) => (answer === undefined ? undefined : read(answer))
  return ({ request }) => read(request)
}

function compilePlace(kind: string, name: string, members: readonly string[]): (message: Message) => Json | undefined {
  switch (kind) {
    case 'body':
      return (message) => (message.text === undefined ? undefined : withoutLineEnd(message.text))
    case 'json':
      return (message) => {
        const value = message.json
        return value === undefined ? undefined : memberOf(value, members)
      }
    case 'path':
      return (message) => message.segment(name)
    case 'query':
      return (message) => onlyOne(message.query, name)
    case 'form':
      return (message) => onlyOne(message.form, name)
    case 'cookie':
      return (message) => cookieOf(message.headers?.get('cookie'), name)
    case 'header': {
      const field = name.toLowerCase()
      if (ENTITY_TAGS.has(field)) return (message) => message.headers?.get(field)?.replace(/^W\/(?="[^"]*"$)/, '')
      return (message) => message.headers?.get(field)
    }
    default:
      throw new UserError('usage', `${kind} names no place in a message`)
  }
}

/** A tag may be weak only because the content was compressed on the way, as by nginx; it is the same version. */
const ENTITY_TAGS: ReadonlySet<string> = new Set(['etag', 'if-match', 'if-none-match'])

/** Refuses repeated parameters, since services take the first, the last or both. */
function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}

function memberOf(value: Json, members: readonly string[]): Json | undefined {
  let found: Json | undefined = value
  for (const member of members) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, member)) return undefined
    found = (found as { readonly [name: string]: Json })[member]
  }
  return found
}

/** RFC 6265 §4.2.1. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(/; */) ?? []) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1)
  }
  return undefined
}
