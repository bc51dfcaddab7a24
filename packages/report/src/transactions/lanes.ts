import type { DrawnTransaction, TransactionArrow, TransactionDrawing } from '@chaosproxy/checker'
import { FAIL, type History, OK } from '@chaosproxy/history'
import { clientOf, hasReturned, nameText } from '../operation-words.ts'
import { nonEmpty } from '../words.ts'

export interface PlacedTransaction {
  readonly part: number
  readonly lane: number
  readonly top: number
  readonly bottom: number
  readonly hasEnded: boolean
}

interface Moment {
  readonly nanos: number
  readonly y: number
}

export interface LaneLayout {
  readonly lanes: readonly string[]
  readonly parts: readonly PlacedTransaction[]
  readonly moments: readonly Moment[]
  readonly bottom: number
}

interface Heights {
  readonly ofPart: (part: number) => number
  /** Between two moments. */
  readonly ofGap: number
}

/** Maximum number of lanes to rearrange: every order of them is tried. */
const MOST_ARRANGED = 6

/** Lays out transactions in lanes, one lane per client. Time runs downwards. */
export function laneLayout(history: History, drawing: TransactionDrawing, { ofPart, ofGap }: Heights): LaneLayout {
  const { callEvent, returnEvent, callTime, returnTime } = history.operations
  const { lanes, laneOf } = lanesOf(history, drawing)
  const events = drawing.parts
    .flatMap(({ operation, members }, part) => {
      const last = members?.at(-1) ?? operation
      return [
        { part, isBegin: true, position: callEvent[operation] ?? 0, nanos: callTime[operation] ?? 0 },
        ...(hasReturned(history, last)
          ? [{ part, isBegin: false, position: returnEvent[last] ?? 0, nanos: returnTime[last] ?? 0 }]
          : []),
      ]
    })
    .sort((a, b) => a.position - b.position)
  const tops = new Map<number, number>()
  const bottoms = new Map<number, number>()
  const moments: Moment[] = []
  let y = -ofGap
  for (const { part, isBegin, nanos } of events) {
    y = isBegin ? y + ofGap : Math.max(y + ofGap, (tops.get(part) ?? 0) + ofPart(part))
    ;(isBegin ? tops : bottoms).set(part, y)
    moments.push({ nanos, y })
  }
  const open = drawing.parts.flatMap((_, part) => (bottoms.has(part) ? [] : (tops.get(part) ?? 0) + ofPart(part)))
  const bottom = Math.max(y, ...open)
  const parts = drawing.parts.map((_, part) => ({
    ...{ part, lane: laneOf[part] ?? 0, top: tops.get(part) ?? 0 },
    ...{ bottom: bottoms.get(part) ?? bottom, hasEnded: bottoms.has(part) },
  }))
  return { lanes, parts, moments, bottom }
}

/**
 * Assigns lanes to clients, and orders the lanes to keep arrows short. Overlapping transactions of a client get
 * additional lanes.
 */
function lanesOf(
  history: History,
  { parts, arrows }: TransactionDrawing,
): { readonly lanes: readonly string[]; readonly laneOf: readonly number[] } {
  const { callEvent, returnEvent } = history.operations
  const open: { readonly name: string; until: number }[] = []
  const laneOf = parts.map(({ operation, members }) => {
    const last = members?.at(-1) ?? operation
    const name = clientOf(history, operation)
    const from = callEvent[operation] ?? 0
    const until = hasReturned(history, last) ? (returnEvent[last] ?? 0) : Number.POSITIVE_INFINITY
    const known = open.findIndex((lane) => lane.name === name && lane.until < from)
    const lane = open[known]
    if (lane === undefined) return open.push({ name, until }) - 1
    lane.until = until
    return known
  })
  const pairs = arrows.map(({ from, to }) => [laneOf[from.part] ?? 0, laneOf[to.part] ?? 0] as const)
  const order = arranged(open.length, pairs)
  return {
    lanes: order.map((lane) => open[lane]?.name ?? ''),
    laneOf: laneOf.map((lane) => order.indexOf(lane)),
  }
}

/** Returns the order of lanes in which arrows cross the fewest other lanes. */
function arranged(lanes: number, pairs: readonly (readonly [number, number])[]): readonly number[] {
  const plain = Array.from({ length: lanes }, (_, lane) => lane)
  if (lanes > MOST_ARRANGED) return plain
  const lengthOf = (order: readonly number[]): number =>
    pairs.reduce((sum, [a, b]) => sum + Math.abs(order.indexOf(a) - order.indexOf(b)), 0)
  return permutations(plain).reduce((best, order) => (lengthOf(order) < lengthOf(best) ? order : best))
}

/** In ascending order. */
const permutations = (items: readonly number[]): readonly (readonly number[])[] =>
  items.length < 2
    ? [items]
    : items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]))

/** Returns the name of a transaction in drawings, such as `T1`. */
export const nameOfPart = (part: number): string => `T${part + 1}`

export function endText(history: History, { operation, members = [] }: DrawnTransaction): string {
  if (members.length > 1) return 'not one transaction'
  const outcome = history.operations.outcome[operation]
  return outcome === OK ? 'committed' : outcome === FAIL ? 'rolled back' : 'no answer'
}

/** Says how many operations of a transaction the drawing omits: `3 more reads and writes`. */
export const othersText = ({ others, steps }: DrawnTransaction): string =>
  others === 0
    ? ''
    : `${others}${steps.length === 0 ? '' : ' more'} ${others === 1 ? 'read or write' : 'reads and writes'}`

/**
 * Says what a transaction did: the drawn reads and writes, the number of reads and writes that are not drawn, and why
 * the transaction is drawn.
 */
export const didTexts = (part: DrawnTransaction): readonly string[] =>
  nonEmpty([...part.steps.map(({ text }) => text), othersText(part), part.why ?? ''])

/**
 * The words for each kind of arrow between two transactions. They connect the transaction at the arrow's start with the
 * transaction at its end: `T1 did not see T2`.
 */
export const arrowWords: { readonly [edge in TransactionArrow['edge']]: string } = {
  rw: 'did not see',
  wr: 'was read by',
  ww: 'came before the write of',
  session: 'same session, before',
  'real time': 'ended before',
}

/** Returns the label of an arrow: `rw accounts/7`. */
export const arrowLabel = ({ edge, key }: TransactionArrow): string =>
  key === undefined ? '' : `${edge} ${nameText(key)}`

/** Describes an arrow in a sentence: `T1 did not see what T2 wrote to bob (rw)`. */
export function arrowSentence({ from, to, edge, key = '' }: TransactionArrow): string {
  const [one, other] = [nameOfPart(from.part), nameOfPart(to.part)]
  switch (edge) {
    case 'rw':
      return `${one} did not see what ${other} wrote to ${nameText(key)} (rw)`
    case 'wr':
      return `${other} read what ${one} wrote to ${nameText(key)} (wr)`
    case 'ww':
      return `${other} wrote ${nameText(key)} after ${one} (ww)`
    case 'session':
      return `${one} came before ${other} in the same session`
    case 'real time':
      return `${one} had ended before ${other} began`
    default:
      return edge satisfies never
  }
}
