import { canonical, isTooDeep, type Json, memberOf, usageError } from '@chaosproxy/history'
import { formOf, isList } from '../forms/form-of.ts'
import { membersIn } from '../places/json.ts'
import { findPlace } from '../places/place-of.ts'
import { placeParts, type ValueSource, type ValueSpec } from '../table/route-table.ts'
import { LONGEST_TEXT_BYTES } from './body-value.ts'
import type { Scene } from './scene.ts'

export type ReadValue = (scene: Scene) => Json | undefined

export type Side = 'request' | 'answer'

/** Maximum size of a body kept for JSON and forms, in bytes. */
const LONGEST_PARSED_BYTES = 1024 * 1024

const ANSWER = 'answer.'

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

/** Compiles a key. Parts are joined by slashes; a part with a slash becomes JSON text. */
export function compileKey(spec: ValueSpec, side: Side): (scene: Scene) => string | undefined {
  const parts = (isList(spec) ? spec : [spec]).map((part) => compileValue(part, side))
  const [only] = parts
  if (only !== undefined && parts.length === 1) return (scene) => keyText(only(scene))
  return (scene) => {
    const texts = parts.map((part) => keyText(part(scene)))
    return texts.includes(undefined) ? undefined : texts.map((text = '') => asPart(text)).join('/')
  }
}

/** Splits a key into the parts that `compileKey` joined. Undefined if the number of parts is not `count`. */
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
  if (value === undefined || value === null || isTooDeep(value)) return undefined
  return typeof value === 'string' ? value : canonical(value)
}

/** The places from which a value is composed. */
export function sourcesOf(spec: ValueSpec | undefined): readonly ValueSource[] {
  if (spec === undefined) return []
  if (typeof spec === 'string') return [spec]
  if (isList(spec)) return spec.flatMap(sourcesOf)
  return formOf(spec).parts(spec).flatMap(sourcesOf)
}

export const isOfAnswer = (source: ValueSource): boolean => source.startsWith(ANSWER)

export function bytesFor(sources: readonly ValueSource[], side: Side): number {
  const ofSide = sources.filter((source) => isOfAnswer(source) === (side === 'answer'))
  const bodies = ofSide.map((source) => findPlace(withoutAnswer(source))?.body)
  if (bodies.includes('whole')) return LONGEST_PARSED_BYTES
  return bodies.includes('text') ? LONGEST_TEXT_BYTES : 0
}

export const withoutAnswer = (source: ValueSource): string =>
  isOfAnswer(source) ? source.slice(ANSWER.length) : source

/** Adds the prefix `answer.` to a place that lacks it. The places `item` and `name` get no prefix. */
export const inAnswer = (source: ValueSource): ValueSource =>
  /^(item|name)\b/.test(source) || isOfAnswer(source) ? source : `${ANSWER}${source}`

function compileSource(source: ValueSource, side: Side): ReadValue {
  const place = withoutAnswer(source)
  const { kind, name } = placeParts(place)
  const members = membersIn(name)
  if (kind === 'item') return ({ item }) => (item === undefined ? undefined : memberOf(item.value, members))
  if (kind === 'name') return ({ item }) => item?.name
  const read = findPlace(place)?.read(name)
  if (read === undefined) throw usageError(`${kind} is not a part of a request or an answer`)
  if (isOfAnswer(source) || side === 'answer') return ({ answer }) => (answer === undefined ? undefined : read(answer))
  return ({ request }) => read(request)
}
