import { type Json, readsWhole, replacesWhole, writtenValue } from '@chaosproxy/history'
import { type Call, type Entry, type Interpretation, type Touches, UNSAID } from '../../record/call.ts'
import { keySpec, type OperationSpec, type ValueSource, type ValueSpec } from '../table/route-table.ts'
import type { Meaning } from './outcomes.ts'
import { type Item, itemsOf, type Scene } from './scene.ts'
import type { Normalize } from './textual-values.ts'
import { bytesFor, compileKey, compileValue, inAnswer, isOfAnswer, type ReadValue, sourcesOf } from './value-source.ts'
import type { WrittenValues } from './written-values.ts'

export interface Asked {
  readonly call: Call
  complete(scene: Scene, meaning: Meaning): Interpretation
}

type CommonParts = Pick<Call, 'what' | 'requestId'>

/** Why a request cannot be recorded as an operation. */
export interface NotAsked {
  readonly why: string
  readonly key: string | undefined
  readonly touches: Touches
}

/** A route's operation on one object, or on each of several. */
export interface RoutedOperation {
  readonly harmless: boolean
  /** How many bytes to keep of the request's body, and of the response's. */
  readonly bodyBytes: number
  readonly answerBytes: number
  ask(scene: Scene, common: CommonParts): readonly Asked[] | NotAsked
  /** The keys that the request changes, according to its head. */
  touches(scene: Scene): Touches
}

export interface OperationParts {
  readonly normalize: Normalize
  readonly written: WrittenValues | undefined
}

export const compileOperation = (spec: OperationSpec, path: string, parts: OperationParts): RoutedOperation =>
  new CompiledOperation(spec, path, parts)

class CompiledOperation implements RoutedOperation {
  readonly harmless: boolean
  readonly bodyBytes: number
  readonly answerBytes: number
  readonly #spec: OperationSpec
  readonly #sources: Sources
  /** Whether only the response contains the key. `#valueIsTold`: the same for the written value. */
  readonly #keyIsTold: boolean
  readonly #valueIsTold: boolean
  readonly #keyOf: ReadKey | undefined
  readonly #givenOf: ReadValue
  readonly #resultOf: ReadValue | undefined
  readonly #listOf: ReadValue | undefined
  /** Whether `each` lists items of the response. */
  readonly #isListed: boolean
  readonly #conditions: readonly { readonly source: ValueSource; readonly read: ReadValue }[]

  readonly #versionOf: ((scene: Scene) => Call['version']) | undefined
  readonly #written: WrittenValues | undefined
  readonly #normalize: Normalize
  #hasFound = false

  constructor(spec: OperationSpec, path: string, { normalize, written }: OperationParts) {
    const { f, each, value, result } = spec
    const key = keySpec(spec, path)
    const sources = { key: sourcesOf(key), value: sourcesOf(value), result: sourcesOf(result).map(inAnswer) }
    const isListed = each !== undefined && isOfAnswer(each)
    const isTold = (source: ValueSource) => isOfAnswer(source) || (isListed && /^(item|name)\b/.test(source))
    const asked = [...sources.key, ...sources.value, ...(each === undefined ? [] : [each])]
    this.harmless = spec.harmless ?? readsWhole(f)
    this.bodyBytes = bytesFor(asked, 'request')
    this.answerBytes = bytesFor([...asked, ...sources.result], 'answer')
    this.#spec = spec
    this.#written = written
    this.#normalize = normalize
    this.#sources = sources
    this.#isListed = isListed
    this.#keyIsTold = isListed || sources.key.some(isTold)
    this.#valueIsTold = sources.value.some(isTold)
    this.#keyOf = key === undefined ? undefined : compileKey(key, 'request')
    this.#givenOf = value === undefined ? () => null : normalized(compileValue(value, 'request'), normalize)
    this.#versionOf = this.#keyIsTold ? undefined : compileVersion(spec, normalize)
    this.#resultOf = result === undefined ? undefined : normalized(compileValue(result, 'answer'), normalize)
    this.#listOf = each === undefined ? undefined : compileValue(each, 'request')
    this.#conditions = sources.value
      .filter((source) => CONDITIONS.has(source.toLowerCase()))
      .map((source) => ({ source, read: compileValue(source, 'request') }))
  }

  ask(scene: Scene, common: CommonParts): readonly Asked[] | NotAsked {
    if (this.#listOf === undefined || this.#isListed) return listed(this.#askOne(scene, common))
    const items = itemsOf(this.#listOf(scene))
    if (items === undefined) return this.#notAsked(scene, [this.#spec.each ?? ''], undefined)
    return collect(items.map((item: Item) => this.#askOne({ ...scene, item }, common)))
  }

  touches(scene: Scene): Touches {
    const isKnown = !this.#keyIsTold && this.#spec.each === undefined
    return this.#touchesOf(isKnown ? this.#keyOf?.(scene) : undefined)
  }

  #askOne(scene: Scene, common: CommonParts): Asked | NotAsked {
    const key = this.#keyIsTold ? undefined : this.#keyOf?.(scene)
    if (this.#keyOf !== undefined && !this.#keyIsTold && key === undefined)
      return this.#notAsked(scene, this.#sources.key, undefined)
    for (const { source, read } of this.#conditions) {
      const tag = read(scene)
      if (typeof tag === 'string' && !ONE_TAG.test(tag))
        return { why: `${tag} at ${source}, which does not name one version`, key, touches: this.#touchesOf(key) }
    }
    const value = this.#valueIsTold ? UNSAID : this.#givenOf(scene)
    if (value === undefined) return this.#notAsked(scene, this.#sources.value, key)
    const { what, requestId } = common
    const { harmless } = this
    const version = this.#versionOf?.(scene)
    const call: Call = {
      f: this.#spec.f,
      key: this.#keyIsTold ? UNSAID : key,
      value,
      version,
      harmless,
      what,
      requestId,
    }
    if (typeof key === 'string' && value !== UNSAID && !harmless)
      this.#written?.wrote(key, writtenValue(this.#spec.f, value))
    const { item } = scene
    return {
      call,
      complete: (answered, meaning) =>
        this.#complete(call, item === undefined ? answered : { ...answered, item }, meaning),
    }
  }

  #notAsked({ request }: Scene, sources: readonly ValueSource[], key: string | undefined): NotAsked {
    const why = `nothing at ${places(sources)}${request.trouble === undefined ? '' : `: its body ${request.trouble}`}`
    return { why, key, touches: this.#touchesOf(key) }
  }

  #touchesOf(key: string | undefined): Touches {
    if (this.harmless) return 'nothing'
    return key === undefined ? 'everything' : { keys: [key] }
  }

  #complete(call: Call, scene: Scene, meaning: Meaning): Interpretation {
    if (typeof meaning === 'object') return { type: 'not-understood', error: `${scene.status}: ${meaning.unclear}` }
    if (meaning === 'absent') return this.#keyIsTold ? { type: 'ok', entries: [] } : { type: 'ok', value: null }
    if (meaning === 'info' && this.harmless) return { type: 'info', error: `${scene.status}, which says nothing` }
    if (meaning === 'declined') return { type: 'fail', error: scene.status ?? '', answered: true }
    if (meaning !== 'ok') return { type: meaning, error: scene.status ?? '' }
    if (this.#spec.perhaps) return { type: 'info', error: 'it may happen at any time from the request on, or never' }
    if (this.#keyIsTold) return this.#completeEntries(call, scene)
    const value = this.#told(call, scene)
    const misread = value === null ? this.#misread(call, scene) : undefined
    if (misread !== undefined) return { type: 'not-understood', error: misread }
    if (value !== undefined) return { type: 'ok', value }
    return call.value === UNSAID
      ? notUnderstood(scene, this.#sources.value)
      : notUnderstood(scene, this.#sources.result, IF_NOTHING_IS_THERE)
  }

  #completeEntries(call: Call, scene: Scene): Interpretation {
    const { each, missing } = this.#spec
    const items = this.#isListed ? itemsOf(this.#listOf?.(scene)) : [undefined]
    if (items === undefined)
      return missing === undefined ? notUnderstood(scene, [each ?? '']) : { type: 'ok', entries: [] }
    const entries: Entry[] = []
    for (const item of items) {
      const within = { ...scene, item }
      const key = this.#keyOf?.(within)
      if (key === undefined) return notUnderstood(scene, this.#sources.key)
      const value = this.#told(call, within)
      if (value === undefined)
        return notUnderstood(scene, this.#resultOf === undefined ? this.#sources.value : this.#sources.result)
      entries.push({ key, value })
    }
    return { type: 'ok', entries }
  }

  /** Returns the operation's value according to a successful response. */
  #told(call: Call, scene: Scene): Json | undefined {
    if (call.value === UNSAID) return this.#givenOf(scene)
    if (this.#resultOf === undefined) return call.value
    const result = this.#resultOf(scene)
    if (result !== undefined) this.#hasFound = true
    if (result !== undefined || this.#spec.missing === undefined || scene.answer === undefined) return result
    // An unreadable response does not show absence.
    const { trouble, isEmpty, json } = scene.answer
    const usesJson = this.#sources.result.some((source) => source.startsWith('answer.json'))
    return trouble === undefined && (isEmpty || !usesJson || json !== undefined) ? null : undefined
  }

  /** Returns why a missing result does not show absence: another place of the response has the written value. */
  #misread({ key }: Call, { answer, status }: Scene): string | undefined {
    if (this.#written === undefined || this.#hasFound || this.#spec.missing === undefined) return undefined
    const body = typeof key === 'string' ? answer?.json : undefined
    const place = body === undefined ? undefined : this.#written.placeIn(String(key), this.#normalize(body))
    if (place === undefined) return undefined
    return `${status}, and nothing at ${places(this.#sources.result)}, but ${place} has what was written. Give that as the "result"`
  }
}

const normalized =
  (read: ReadValue, normalize: Normalize): ReadValue =>
  (scene) => {
    const value = read(scene)
    return value === undefined ? undefined : normalize(value)
  }

/**
 * Compiles what a request shows about the new version: for a cas, the expected version. Undefined for values that are
 * no versions, because different writes may have equal values.
 */
function compileVersion(
  { f, value }: OperationSpec,
  normalize: Normalize,
): ((scene: Scene) => Call['version']) | undefined {
  if (replacesWhole(f)) return typeof value === 'string' && TOLD_VERSION.test(value) ? () => ({}) : undefined
  if (f !== 'cas' || !Array.isArray(value)) return undefined
  const [from, to] = value as readonly ValueSpec[]
  if (from === undefined || sourcesOf(from).some(isOfAnswer)) return undefined
  if (typeof to !== 'string' || !TOLD_VERSION.test(to)) return undefined
  const read = normalized(compileValue(from, 'request'), normalize)
  return (scene) => {
    const expected = read(scene)
    return expected === undefined ? undefined : { from: expected }
  }
}

/** Places in a response that hold a version, by their names. */
const TOLD_VERSION = /^answer\.(header\.|json\.(.*\.)?)(x-)?_?(etag|version|revision|rev|mod_?revision)$/i

interface Sources {
  readonly key: readonly ValueSource[]
  readonly value: readonly ValueSource[]
  readonly result: readonly ValueSource[]
}

type ReadKey = ReturnType<typeof compileKey>

/** Headers that may hold `*` or a list, too. */
const CONDITIONS: ReadonlySet<string> = new Set(['header.if-match', 'header.if-none-match'])

/** A single entity tag, with or without quotes. */
const ONE_TAG = /^(?:"[^"]*"|[^",*][^",]*)$/

const listed = (asked: Asked | NotAsked): readonly Asked[] | NotAsked => ('why' in asked ? asked : [asked])

/** Collects a request's operations. If one is not understood, returns the keys that may have changed. */
export function collect(parts: readonly (Asked | NotAsked | readonly Asked[])[]): readonly Asked[] | NotAsked {
  const asked: Asked[] = []
  let not: NotAsked | undefined
  for (const part of parts) {
    if (Array.isArray(part)) asked.push(...(part as readonly Asked[]))
    else if ('call' in part) asked.push(part)
    else if ('why' in part)
      not = not === undefined ? part : { ...not, key: undefined, touches: union(not.touches, part.touches) }
  }
  if (not === undefined) return asked
  const touches = asked.map(({ call }) => touchesOfCall(call)).reduce(union, not.touches)
  return { ...not, key: asked.length === 0 ? not.key : undefined, touches }
}

function touchesOfCall({ key, harmless }: Call): Touches {
  if (harmless === true) return 'nothing'
  return typeof key === 'string' ? { keys: [key] } : 'everything'
}

export function union(one: Touches, other: Touches): Touches {
  if (one === 'nothing') return other
  if (other === 'nothing') return one
  if (one === 'everything' || other === 'everything') return 'everything'
  return { keys: [...one.keys, ...other.keys] }
}

/** Advice if an empty body may be a result. */
const IF_NOTHING_IS_THERE = 'if an empty body means that there is no value, say so in the route: "missing": "absent"'

function notUnderstood({ answer, status }: Scene, sources: readonly ValueSource[], ifEmpty?: string): Interpretation {
  const isNoJson =
    sources.some((source) => source.includes('json')) && answer?.isEmpty === false && answer.json === undefined
  const trouble = answer?.trouble ?? (isNoJson ? 'is no JSON' : undefined)
  const why = trouble === undefined ? (answer?.isEmpty === true ? ifEmpty : undefined) : `its body ${trouble}`
  return {
    type: 'not-understood',
    error: `${status}, and nothing at ${places(sources)}${why === undefined ? '' : `: ${why}`}`,
  }
}

const places = (sources: readonly ValueSource[]): string =>
  sources.map((source) => source.replace(/^answer\./, '')).join(' or ') || 'what it is made of'
