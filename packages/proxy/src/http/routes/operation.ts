import type { Json } from '@chaosproxy/history'
import type { Call, Completion, Entry, Touches } from '../../recorder/call.ts'
import { UNSAID } from '../../recorder/call.ts'
import type { OperationSpec, ValueSource } from '../route-table.ts'
import type { Meaning } from './outcomes.ts'
import { type Item, itemsOf, type Scene } from './scene.ts'
import { bytesFor, compileKey, compileValue, inAnswer, isOfAnswer, type ReadValue, sourcesOf } from './value-source.ts'

/** One thing that a request asks for, and how its answer ends it. */
export interface Asked {
  readonly call: Call
  complete(scene: Scene, meaning: Meaning): Completion
}

/** What all calls of a request have in common. */
export type CommonParts = Pick<Call, 'what' | 'requestId'>

/** Why a request that should be an operation is none. */
export interface NotAsked {
  readonly why: string
  readonly key: string | undefined
  readonly touches: Touches
}

/** What a request does to one object, or to each of several. */
export interface RoutedOperation {
  readonly harmless: boolean
  /** How much to keep of the bodies. */
  readonly bodyBytes: number
  readonly answerBytes: number
  ask(scene: Scene, common: CommonParts): readonly Asked[] | NotAsked
  /** What it does, as far as that is known without its body. */
  touches(scene: Scene): Touches
}

export function compileOperation(spec: OperationSpec, names: readonly string[]): RoutedOperation {
  const harmless = spec.harmless ?? (spec.f === 'read' || spec.f === 'get')
  const key = spec.key ?? (names.includes('key') ? 'path.key' : undefined)
  const { each } = spec
  const isListed = each !== undefined && isOfAnswer(each)
  const toldByAnswer = (sources: readonly ValueSource[]) =>
    sources.some((source) => isOfAnswer(source) || (isListed && /^(item|name)\b/.test(source)))
  const keySources = sourcesOf(key)
  const valueSources = sourcesOf(spec.value)
  const resultSources = sourcesOf(spec.result).map(inAnswer)
  const all = [...keySources, ...valueSources, ...resultSources, ...(each === undefined ? [] : [each])]
  const keyIsTold = isListed || toldByAnswer(keySources)
  const valueIsTold = toldByAnswer(valueSources)
  const keyOf = key === undefined ? undefined : compileKey(key, 'request')
  const givenOf: ReadValue = spec.value === undefined ? () => null : compileValue(spec.value, 'request')
  const resultOf = spec.result === undefined ? undefined : compileValue(spec.result, 'answer')
  const tags = valueSources
    .filter((source) => CONDITIONS.has(source.toLowerCase()))
    .map((source) => ({ source, read: compileValue(source, 'request') }))
  const listOf = each === undefined ? undefined : compileValue(each, 'request')

  const usesJson = resultSources.some((source) => source.startsWith('answer.json'))

  /** What an answer of success says that was read or written; undefined where it does not say. */
  function told(call: Call, scene: Scene): Json | undefined {
    if (call.value === UNSAID) return givenOf(scene)
    if (resultOf === undefined) return call.value
    const result = resultOf(scene)
    if (result !== undefined || spec.missing === undefined || scene.answer === undefined) return result
    // What cannot be read is not known to be missing.
    const { trouble, isEmpty, json } = scene.answer
    return trouble === undefined && (isEmpty || !usesJson || json !== undefined) ? null : undefined
  }

  function complete(call: Call, scene: Scene, meaning: Meaning): Completion {
    if (typeof meaning === 'object') return { type: 'not-understood', error: `${scene.status}: ${meaning.unclear}` }
    if (meaning === 'absent') return keyIsTold ? { type: 'ok', entries: [] } : { type: 'ok', value: null }
    if (meaning !== 'ok') return { type: meaning, error: scene.status ?? '' }
    if (keyIsTold) return completeEntries(call, scene)
    const value = told(call, scene)
    return value === undefined
      ? notUnderstood(scene, call.value === UNSAID ? valueSources : resultSources)
      : { type: 'ok', value }
  }

  function completeEntries(call: Call, scene: Scene): Completion {
    const items = isListed ? itemsOf(listOf?.(scene)) : [undefined]
    if (items === undefined)
      return spec.missing === undefined ? notUnderstood(scene, [each ?? '']) : { type: 'ok', entries: [] }
    const entries: Entry[] = []
    for (const item of items) {
      const within = { ...scene, item }
      const entryKey = keyOf?.(within)
      if (entryKey === undefined) return notUnderstood(scene, keySources)
      const value = told(call, within)
      if (value === undefined) return notUnderstood(scene, resultOf === undefined ? valueSources : resultSources)
      entries.push({ key: entryKey, value })
    }
    return { type: 'ok', entries }
  }

  function askOne(scene: Scene, common: CommonParts): Asked | NotAsked {
    const known = keyIsTold || keyOf === undefined ? undefined : keyOf(scene)
    if (keyOf !== undefined && !keyIsTold && known === undefined) return notAsked(scene, keySources, undefined)
    for (const { source, read } of tags) {
      const tag = read(scene)
      if (typeof tag === 'string' && !ONE_TAG.test(tag))
        return { why: `${tag} at ${source}, which does not name one version`, key: known, touches: touchesOf(known) }
    }
    const value = valueIsTold ? UNSAID : givenOf(scene)
    if (value === undefined) return notAsked(scene, valueSources, known)
    const { what, requestId } = common
    const call: Call = { f: spec.f, key: keyIsTold ? UNSAID : known, value, harmless, what, requestId }
    const { item } = scene
    return {
      call,
      complete: (answered, meaning) => complete(call, item === undefined ? answered : { ...answered, item }, meaning),
    }
  }

  function notAsked({ request }: Scene, sources: readonly ValueSource[], known: string | undefined): NotAsked {
    const why = `nothing at ${places(sources)}${request.trouble === undefined ? '' : `: its body ${request.trouble}`}`
    return { why, key: known, touches: touchesOf(known) }
  }

  function touchesOf(known: string | undefined): Touches {
    if (harmless) return 'nothing'
    return known === undefined ? 'everything' : { keys: [known] }
  }

  const answerBytes = bytesFor([...all, ...resultSources], 'answer')

  return {
    harmless,
    bodyBytes: bytesFor([...keySources, ...valueSources, ...(each === undefined ? [] : [each])], 'request'),
    answerBytes,
    ask(scene, common) {
      if (listOf === undefined || isListed) return listed(askOne(scene, common))
      const items = itemsOf(listOf(scene))
      if (items === undefined) return notAsked(scene, [each ?? ''], undefined)
      return collect(items.map((item: Item) => askOne({ ...scene, item }, common)))
    },
    touches(scene) {
      return touchesOf(keyOf === undefined || keyIsTold || each !== undefined ? undefined : keyOf(scene))
    },
  }
}

/** They may also hold `*`, or a list. */
const CONDITIONS: ReadonlySet<string> = new Set(['header.if-match', 'header.if-none-match'])

/** An entity tag, or what some services put there without its quotes. */
const ONE_TAG = /^(?:"[^"]*"|[^",*][^",]*)$/

const listed = (asked: Asked | NotAsked): readonly Asked[] | NotAsked => ('why' in asked ? asked : [asked])

/** All of them, or what all of them touch where one is not understood. */
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

function notUnderstood({ answer, status }: Scene, sources: readonly ValueSource[]): Completion {
  const isNoJson =
    sources.some((source) => source.includes('json')) && answer?.isEmpty === false && answer.json === undefined
  const why = answer?.trouble ?? (isNoJson ? 'is no JSON' : undefined)
  return {
    type: 'not-understood',
    error: `${status}, and nothing at ${places(sources)}${why === undefined ? '' : `: its body ${why}`}`,
  }
}

const places = (sources: readonly ValueSource[]): string =>
  sources.map((source) => source.replace(/^answer\./, '')).join(' or ') || 'what it is made of'
