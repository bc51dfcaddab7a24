import { FAIL, type History, INFO, OK, type ValueId } from '@chaosproxy/history'
import type { OperationRow } from '../../encoding/operation-row.ts'
import type { ByStart } from '../../judge/entry.ts'
import { nameOfKey } from './late-reads.ts'

/** An element at its place in a list or a log. */
export interface Placed {
  readonly key: number
  readonly at: number
  readonly element: number
  /** The event position of the answer that showed it. */
  readonly seen: number
}

interface Element {
  readonly id: number
  appends: number
  refused: number
  /** When it was first asked for, and when that was first acknowledged. */
  appendCall: number
  appendReturn: number
  readonly places: Set<number>
  /** When it was first seen. */
  seen: number
}

/**
 * Elements that were seen in more places than they were appended, before they were appended, although their append was
 * refused, or before others that had been appended by then.
 */
export function elementsByStart(
  history: History,
  kind: string,
  isAppend: (f: string) => boolean,
  placed: Iterable<Placed>,
): ByStart {
  const lists = appendedIn(history, isAppend)
  for (const { key, at, element, seen } of placed) {
    const known = lists.get(key)?.get(element)
    if (known === undefined) continue
    known.places.add(at)
    known.seen = Math.min(known.seen, seen)
  }
  const show = ({ id }: Element): string => JSON.stringify(history.values.json(id as ValueId))
  const found = [...lists].flatMap(([key, list]) => {
    const where = nameOfKey(history, key, kind)
    const elements = [...list.values()]
    const strange = elements.flatMap((each) => {
      const seen = strangeIn(each, where)
      return seen === undefined ? [] : [`${show(each)} ${seen}, which is right only if it was there at the start`]
    })
    const [before, after] = (strange.length === 0 ? misplacedIn(elements) : undefined)?.map(show) ?? []
    return before === undefined
      ? strange
      : [
          `${before} is before ${after} in ${where} and was appended after it, which is right only if ${before} was there at the start`,
        ]
  })
  return { found, remedy: "Say what was there: --initial '[]' for nothing" }
}

function strangeIn({ appends, refused, places, seen, appendCall }: Element, where: string): string | undefined {
  if (places.size === 0) return undefined
  if (appends === 0) return refused === 0 ? undefined : `was refused by ${where} and is in it`
  if (places.size > appends)
    return `is in ${where} ${places.size} times and was appended ${appends === 1 ? 'once' : `${appends} times`}`
  return seen < appendCall ? `was read in ${where} before it was appended` : undefined
}

/** An element that stands before another whose append was acknowledged before its own was called. */
function misplacedIn(elements: readonly Element[]): readonly [before: Element, after: Element] | undefined {
  const once = elements.filter(({ appends, places }) => appends === 1 && places.size === 1)
  const placeOf = ({ places }: Element): number => Math.max(...places)
  let last: Element | undefined
  for (const each of once.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    if (last !== undefined && each.appendReturn < last.appendCall) return [last, each]
    if (last === undefined || each.appendCall > last.appendCall) last = each
  }
  return undefined
}

function appendedIn(
  { functions, operations }: History,
  isAppend: (f: string) => boolean,
): ReadonlyMap<number, Map<number, Element>> {
  const { f, key, outcome, input, callEvent, returnEvent, length } = operations
  const appends = functions.map(isAppend)
  const lists = new Map<number, Map<number, Element>>()
  for (let row: OperationRow = 0; row < length; row++) {
    if (!appends[f[row]]) continue
    const list = lists.get(key[row]) ?? new Map<number, Element>()
    lists.set(key[row], list)
    const never = { appendCall: Number.POSITIVE_INFINITY, appendReturn: Number.POSITIVE_INFINITY }
    const blank = { ...never, id: input[row], appends: 0, refused: 0, places: new Set<number>() }
    const element = list.get(input[row]) ?? { ...blank, seen: Number.POSITIVE_INFINITY }
    list.set(input[row], element)
    if (outcome[row] === FAIL) element.refused++
    if (outcome[row] !== OK && outcome[row] !== INFO) continue
    element.appends++
    element.appendCall = Math.min(element.appendCall, callEvent[row])
    if (outcome[row] === OK) element.appendReturn = Math.min(element.appendReturn, returnEvent[row])
  }
  return lists
}
