import { type Json, readsWhole, replacesWhole, writtenValue } from '@chaosproxy/history'
import {
  type Call,
  declined,
  type Entry,
  type Interpretation,
  notUnderstood,
  ok,
  type Touches,
  UNSAID,
} from '../../record/call.ts'
import { keySpec, type OperationSpec, type ValueSource, type ValueSpec } from '../table/route-table.ts'
import type { Meaning } from './outcomes.ts'
import { type Item, itemsOf, type Scene } from './scene.ts'
import type { Normalize } from './textual-values.ts'
import { bytesFor, compileKey, compileValue, inAnswer, isOfAnswer, type ReadValue, sourcesOf } from './value-source.ts'
import type { WrittenValues } from './written-values.ts'

export interface RequestedOperation {
  readonly call: Call
  complete(scene: Scene, meaning: Meaning): Interpretation
}

type CommonParts = Pick<Call, 'what' | 'requestId'>

/** Why a request cannot be recorded as an operation. */
export interface UnrecordedRequest {
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
  ask(scene: Scene, common: CommonParts): readonly RequestedOperation[] | UnrecordedRequest
  /** The keys that the request changes, according to its head. */
  touches(scene: Scene): Touches
}

export interface OperationParts {
  readonly normalize: Normalize
  readonly written: WrittenValues | undefined
}

export function compileOperation(spec: OperationSpec, path: string, parts: OperationParts): RoutedOperation {
  const readers = compileReaders(spec, path, parts)
  const { sources, isKeyInAnswer, isListed, keyOf, givenOf, listOf } = readers
  const { written } = parts
  const { f, each } = spec
  const harmless = spec.harmless ?? readsWhole(f)
  const complete = compileCompletion(spec, harmless, readers, parts)
  const allSources = [...sources.key, ...sources.value, ...sourcesOf(each)]
  const isValueInAnswer = sources.value.some(readers.isInAnswer)
  const versionOf = isKeyInAnswer ? undefined : compileVersion(spec, parts.normalize)
  const conditions = sources.value
    .filter((source) => CONDITIONS.has(source.toLowerCase()))
    .map((source) => ({ source, read: compileValue(source, 'request') }))

  const touchesOf = (key: string | undefined): Touches =>
    harmless ? 'nothing' : key === undefined ? 'everything' : { keys: [key] }

  function unrecorded({ request }: Scene, missing: readonly ValueSource[], key: string | undefined): UnrecordedRequest {
    const why = `nothing at ${places(missing)}${request.trouble === undefined ? '' : `: its body ${request.trouble}`}`
    return { why, key, touches: touchesOf(key) }
  }

  function askOne(scene: Scene, { what, requestId }: CommonParts): RequestedOperation | UnrecordedRequest {
    const key = isKeyInAnswer ? undefined : keyOf?.(scene)
    if (keyOf !== undefined && !isKeyInAnswer && key === undefined) return unrecorded(scene, sources.key, undefined)
    for (const { source, read } of conditions) {
      const tag = read(scene)
      if (typeof tag === 'string' && !ONE_TAG.test(tag))
        return { why: `${source} is ${tag}, not a single entity tag`, key, touches: touchesOf(key) }
    }
    const value = isValueInAnswer ? UNSAID : givenOf(scene)
    if (value === undefined) return unrecorded(scene, sources.value, key)
    const version = versionOf?.(scene)
    const call: Call = { f, key: isKeyInAnswer ? UNSAID : key, value, version, harmless, what, requestId }
    if (typeof key === 'string' && value !== UNSAID && !harmless) written?.wrote(key, writtenValue(f, value))
    const { item } = scene
    return {
      call,
      complete: (answered, meaning) => complete(call, item === undefined ? answered : { ...answered, item }, meaning),
    }
  }

  return {
    harmless,
    bodyBytes: bytesFor(allSources, 'request'),
    answerBytes: bytesFor([...allSources, ...sources.result], 'answer'),
    ask(scene, common) {
      if (listOf === undefined || isListed) return listed(askOne(scene, common))
      const items = itemsOf(listOf(scene))
      if (items === undefined) return unrecorded(scene, sourcesOf(each), undefined)
      return collect(items.map((item: Item) => askOne({ ...scene, item }, common)))
    },
    touches: (scene) => touchesOf(!isKeyInAnswer && each === undefined ? keyOf?.(scene) : undefined),
  }
}

interface Readers {
  readonly sources: Sources
  /** Whether only the response contains the value of this source, such as `answer.header.ETag`. */
  readonly isInAnswer: (source: ValueSource) => boolean
  /** Whether only the response contains the key. */
  readonly isKeyInAnswer: boolean
  /** Whether `each` lists items of the response. */
  readonly isListed: boolean
  readonly keyOf: ReadKey | undefined
  readonly givenOf: ReadValue
  readonly resultOf: ReadValue | undefined
  readonly listOf: ReadValue | undefined
}

function compileReaders(spec: OperationSpec, path: string, { normalize }: OperationParts): Readers {
  const { each, value, result } = spec
  const key = keySpec(spec, path)
  const sources = { key: sourcesOf(key), value: sourcesOf(value), result: sourcesOf(result).map(inAnswer) }
  const isListed = each !== undefined && isOfAnswer(each)
  const isInAnswer = (source: ValueSource) => isOfAnswer(source) || (isListed && /^(item|name)\b/.test(source))
  return {
    sources,
    isInAnswer,
    isKeyInAnswer: isListed || sources.key.some(isInAnswer),
    isListed,
    keyOf: key === undefined ? undefined : compileKey(key, 'request'),
    givenOf: value === undefined ? () => null : normalized(compileValue(value, 'request'), normalize),
    resultOf: result === undefined ? undefined : normalized(compileValue(result, 'answer'), normalize),
    listOf: each === undefined ? undefined : compileValue(each, 'request'),
  }
}

type Complete = (call: Call, scene: Scene, meaning: Meaning) => Interpretation

/** Compiles the meaning of responses for an operation. */
function compileCompletion(
  { missing, perhaps, each, result }: OperationSpec,
  harmless: boolean,
  { sources, isKeyInAnswer, isListed, keyOf, givenOf, resultOf, listOf }: Readers,
  { normalize, written }: OperationParts,
): Complete {
  let hasFound = false
  /** Reads the object of which the result is a member. */
  const holder = typeof result === 'string' ? /^(json(?:\..+)?)\.[^.]+$/.exec(result)?.[1] : undefined
  const holderOf = holder === undefined ? undefined : compileValue(holder, 'answer')

  /** Returns the operation's value according to a successful response. */
  function confirmedValue(call: Call, scene: Scene): Json | undefined {
    if (call.value === UNSAID) return givenOf(scene)
    if (resultOf === undefined) return call.value
    const found = resultOf(scene)
    if (found !== undefined) hasFound = true
    if (found !== undefined || missing === undefined || scene.answer === undefined) return found
    // A response that cannot be read does not show that the value is absent.
    const { trouble, isEmpty, json } = scene.answer
    const usesJson = sources.result.some((source) => source.startsWith('answer.json'))
    return trouble === undefined && (isEmpty || !usesJson || json !== undefined) ? null : undefined
  }

  /**
   * Returns the reason why a missing result does not show that the value is absent: another place of the response has
   * the written value, or the written value is one that services may omit. Returns undefined if there is no such
   * reason.
   */
  function misread({ key }: Call, scene: Scene): string | undefined {
    const { answer, status } = scene
    const body = typeof key === 'string' ? answer?.json : undefined
    if (written === undefined || missing === undefined || body === undefined) return undefined
    const place = hasFound ? undefined : written.placeIn(String(key), normalize(body))
    if (place !== undefined)
      return `${status}, and nothing at ${places(sources.result)}, but ${place} has the written value. Give this place as the "result"`
    const empty = holderOf?.(scene) === undefined ? undefined : written.emptyIn(String(key))
    return empty === undefined
      ? undefined
      : `${status}, and nothing at ${places(sources.result)}, but ${empty} was written, which services may omit. Say in "answers" what means "absent"`
  }

  function completeEntries(call: Call, scene: Scene): Interpretation {
    const items = isListed ? itemsOf(listOf?.(scene)) : [undefined]
    if (items === undefined)
      return missing === undefined ? nothingAt(scene, sourcesOf(each)) : { type: 'ok', entries: [] }
    const entries: Entry[] = []
    for (const item of items) {
      const within = { ...scene, item }
      const key = keyOf?.(within)
      if (key === undefined) return nothingAt(scene, sources.key)
      const value = confirmedValue(call, within)
      if (value === undefined) return nothingAt(scene, resultOf === undefined ? sources.value : sources.result)
      entries.push({ key, value })
    }
    return { type: 'ok', entries }
  }

  return (call, scene, meaning) => {
    if (typeof meaning === 'object') return notUnderstood(`${scene.status}: ${meaning.unclear}`)
    if (meaning === 'absent') return isKeyInAnswer ? { type: 'ok', entries: [] } : ok(null)
    if (meaning === 'info' && harmless) return { type: 'info', error: `${scene.status}, which says nothing` }
    if (meaning === 'declined') return declined(scene.status ?? '')
    if (meaning !== 'ok') return { type: meaning, error: scene.status ?? '' }
    if (perhaps)
      return { type: 'info', error: 'the operation may take effect at any time from the request on, or never' }
    if (isKeyInAnswer) return completeEntries(call, scene)
    const value = confirmedValue(call, scene)
    const error = value === null ? misread(call, scene) : undefined
    if (error !== undefined) return notUnderstood(error)
    if (value !== undefined) return ok(value)
    return call.value === UNSAID
      ? nothingAt(scene, sources.value)
      : nothingAt(scene, sources.result, IF_NOTHING_IS_THERE)
  }
}

const normalized =
  (read: ReadValue, normalize: Normalize): ReadValue =>
  (scene) => {
    const value = read(scene)
    return value === undefined ? undefined : normalize(value)
  }

/**
 * Compiles a function that returns `Call.version` for a request: `{ from }` with the expected version for a cas, and
 * `{}` for other functions. Returns undefined if the new value of the operation is not a version in the response. Only
 * versions identify writes: different writes may have equal values.
 */
function compileVersion(
  { f, value }: OperationSpec,
  normalize: Normalize,
): ((scene: Scene) => Call['version']) | undefined {
  if (replacesWhole(f)) return typeof value === 'string' && ANSWERED_VERSION.test(value) ? () => ({}) : undefined
  if (f !== 'cas' || !Array.isArray(value)) return undefined
  const [from, to] = value as readonly ValueSpec[]
  if (from === undefined || sourcesOf(from).some(isOfAnswer)) return undefined
  if (typeof to !== 'string' || !ANSWERED_VERSION.test(to)) return undefined
  const read = normalized(compileValue(from, 'request'), normalize)
  return (scene) => {
    const expected = read(scene)
    return expected === undefined ? undefined : { from: expected }
  }
}

/** Places in a response that hold a version, by their names. */
const ANSWERED_VERSION = /^answer\.(header\.|json\.(.*\.)?)(x-)?_?(etag|version|revision|rev|mod_?revision)$/i

interface Sources {
  readonly key: readonly ValueSource[]
  readonly value: readonly ValueSource[]
  readonly result: readonly ValueSource[]
}

type ReadKey = ReturnType<typeof compileKey>

/** Headers that may hold a single tag, but also `*` or a list of tags. */
const CONDITIONS: ReadonlySet<string> = new Set(['header.if-match', 'header.if-none-match'])

/** A single entity tag, with or without quotes. */
const ONE_TAG = /^(?:"[^"]*"|[^",*][^",]*)$/

const listed = (
  requested: RequestedOperation | UnrecordedRequest,
): readonly RequestedOperation[] | UnrecordedRequest => ('why' in requested ? requested : [requested])

/** Collects a request's operations. If one is not understood, returns the keys that may have changed. */
export function collect(
  parts: readonly (RequestedOperation | UnrecordedRequest | readonly RequestedOperation[])[],
): readonly RequestedOperation[] | UnrecordedRequest {
  const requested: RequestedOperation[] = []
  let not: UnrecordedRequest | undefined
  for (const part of parts) {
    if (Array.isArray(part)) requested.push(...(part as readonly RequestedOperation[]))
    else if ('call' in part) requested.push(part)
    else if ('why' in part)
      not = not === undefined ? part : { ...not, key: undefined, touches: union(not.touches, part.touches) }
  }
  if (not === undefined) return requested
  const touches = requested.map(({ call }) => touchesOfCall(call)).reduce(union, not.touches)
  return { ...not, key: requested.length === 0 ? not.key : undefined, touches }
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

/** Advice for a route in which an empty body may mean that there is no value. */
const IF_NOTHING_IS_THERE = 'if an empty body means that there is no value, say so in the route: "missing": "absent"'

function nothingAt({ answer, status }: Scene, sources: readonly ValueSource[], ifEmpty?: string): Interpretation {
  const isNoJson =
    sources.some((source) => source.includes('json')) && answer?.isEmpty === false && answer.json === undefined
  const trouble = answer?.trouble ?? (isNoJson ? 'is no JSON' : undefined)
  const why = trouble === undefined ? (answer?.isEmpty === true ? ifEmpty : undefined) : `its body ${trouble}`
  return notUnderstood(`${status}, and nothing at ${places(sources)}${why === undefined ? '' : `: ${why}`}`)
}

const places = (sources: readonly ValueSource[]): string =>
  sources.map((source) => source.replace(/^answer\./, '')).join(' or ') || 'what it is made of'
