import {
  clientName,
  FAIL,
  functionOf,
  type History,
  INFO,
  inputOf,
  type Json,
  meaningOf,
  outputOf,
  readsWhole,
  replacesWhole,
  UNNAMED,
  writtenValue,
} from '@chaosproxy/history'
import type { OperationRow } from '../../encoding/operation-row.ts'
import type { OrderEdge } from '../../verdict/verdict.ts'
import { phrase, show } from '../../verdict/words.ts'

/**
 * How an operation of a cycle relates to the next operation of the cycle.
 *
 * - `then`: the same client did the next operation afterwards.
 * - `saw`: the next operation saw this write.
 * - `missed`: this operation did not see the write of the next operation, which the rest of the cycle orders before it.
 * - `given`: this operation returned the value of the next operation, but that value had already been replaced.
 */
type Way = 'then' | 'saw' | 'missed' | 'given'

interface Stop {
  readonly row: OperationRow
  readonly way: Way
}

interface Step extends Stop {
  readonly next: OperationRow
  /** The write that this operation saw, if that write is the previous operation of the cycle. */
  readonly seen: OperationRow | undefined
}

/** A description in words of a cycle of `OrderEdge`s. */
export interface Story {
  readonly sentence: string
  /** The operation with the impossible answer, if only one answer in the cycle is impossible. */
  readonly culprit: OperationRow | undefined
}

/** The maximum number of clauses in a story. A longer story is harder to follow than the list of orders. */
const MOST_CLAUSES = 6
/**
 * The maximum depth of nested chains. A chain of orders (`shownBy.chain`) may contain an order that another chain
 * shows. Deeper chains explain nothing to a person.
 */
const DEEPEST = 3

/**
 * Describes a cycle of orders as what each client did and saw: `p1 wrote photo = 7, then comment = 8; p2 saw p1's
 * comment = 8, but then read photo = null, not p1's 7.` Returns undefined if the cycle has a step that no client
 * notices, such as an order in real time, or if the story would have too many clauses.
 */
export function storyOf(edges: readonly OrderEdge[], history: History): Story | undefined {
  const walk = walked(edges, DEEPEST)
  if (walk === undefined) return undefined
  const culprits = walk.filter(({ way }) => isBack(way)).map(({ row }) => row)
  const segments = segmentsOf(fromBoundary(walk, culprits.length))
  if (!segments.every((segment) => isDescribable(segment, history))) return undefined
  const isCulprit = culprits.length === 1
  const clauses = [...new Set(segments.flatMap((segment) => clauseOf(segment, isCulprit, history)))]
  if (clauses.length === 0 || clauses.length > MOST_CLAUSES) return undefined
  const sentence = `${clauses.join('; ')}.${conclusionOf(culprits.length)}`
  return { sentence, culprit: isCulprit ? culprits[0] : undefined }
}

const isBack = (way: Way): boolean => way === 'missed' || way === 'given'

/** Converts a chain of orders to its operations. Omits the last operation, because the next chain begins with it. */
function walked(edges: readonly OrderEdge[], depth: number): readonly Stop[] | undefined {
  const stops: Stop[] = []
  for (const edge of edges) {
    const some = stepsOf(edge, depth)
    if (some === undefined) return undefined
    stops.push(...some)
  }
  return stops
}

function stepsOf({ before, after, reason, shownBy }: OrderEdge, depth: number): readonly Stop[] | undefined {
  const chain = shownBy?.chain ?? []
  switch (reason) {
    case 'process order':
      return [{ row: before, way: 'then' }]
    case 'reads from':
      return [{ row: before, way: 'saw' }]
    case 'overwritten after': {
      const source = chain[0]?.before
      if (source === undefined) return [{ row: before, way: 'missed' }]
      const replaced = depth > 0 && chain.at(-1)?.after === after ? walked(chain, depth - 1) : undefined
      return replaced && [{ row: before, way: 'given' }, ...replaced]
    }
    case 'overwritten before': {
      const read = shownBy?.read
      const begins = chain.length === 0 ? before : chain[0]?.before
      const ends = chain.length === 0 ? before : chain.at(-1)?.after
      if (read === undefined || begins !== before || ends !== read) return undefined
      const learned = chain.length === 0 ? [] : depth > 0 ? walked(chain, depth - 1) : undefined
      return learned && [...learned, { row: read, way: 'given' }]
    }
    default:
      return undefined
  }
}

/**
 * Rotates the cycle so that it begins directly after an impossible answer. If this is the only impossible answer, the
 * cycle ends with it. If no answer is impossible, the cycle begins where the steps of one client follow those of
 * another.
 */
function fromBoundary(stops: readonly Stop[], backs: number): readonly Stop[] {
  const begins = (i: number): boolean => {
    const way = stops.at(i - 1)?.way
    return way !== undefined && (backs === 0 ? way !== 'then' : isBack(way))
  }
  const starts = stops.map((_, i) => i).filter(begins)
  const rowAt = (i: number): number => stops[i]?.row ?? 0
  const first = starts.reduce((least, i) => (rowAt(i) < rowAt(least) ? i : least), starts[0] ?? 0)
  return [...stops.slice(first), ...stops.slice(0, first)]
}

function segmentsOf(stops: readonly Stop[]): readonly (readonly Step[])[] {
  const segments: Step[][] = []
  for (const [i, { row, way }] of stops.entries()) {
    const previous = stops.at(i - 1)
    if (i === 0 || previous?.way !== 'then') segments.push([])
    const seen = previous?.way === 'saw' ? previous.row : undefined
    segments.at(-1)?.push({ row, way, seen, next: (stops[i + 1] ?? stops[0])?.row ?? row })
  }
  return segments
}

/**
 * Reports whether a segment can be described: all its operations belong to one client, and read or write whole values.
 */
function isDescribable(segment: readonly Step[], history: History): boolean {
  const client = clientOf(history, segment[0]?.row ?? 0)
  return segment.every(({ row, way }) => {
    if (clientOf(history, row) !== client || !isOfWhole(functionOf(history, row))) return false
    // Only a read can see or miss a write.
    return way === 'then' || (way === 'saw' ? writes(history, row) : reads(history, row))
  })
}

const isOfWhole = (f: string): boolean => readsWhole(f) || meaningOf(f)?.effect === 'replaces'

const isCas = (history: History, row: OperationRow): boolean => functionOf(history, row) === 'cas'
const reads = (history: History, row: OperationRow): boolean => !replacesWhole(functionOf(history, row))
const writes = (history: History, row: OperationRow): boolean => !readsWhole(functionOf(history, row))

/** Returns the session of the operation's client, or else the process name. */
function clientOf(history: History, row: OperationRow): number | string {
  const process = history.operations.process[row]
  const session = history.sessionOf(process)
  return session === UNNAMED ? history.processName(process) : session
}

/** Describes a segment as one clause. Empty for a single write, which a neighbouring clause names. */
function clauseOf(segment: readonly Step[], isCulprit: boolean, history: History): readonly string[] {
  const [first] = segment
  const last = segment.at(-1)
  if (first === undefined || last === undefined) return []
  if (segment.length === 1 && !reads(history, first.row)) return []
  const texts = segment.map((step) => actOf(step, isCulprit, history))
  const acts = texts.map((act, i) => (texts[i - 1]?.startsWith(WROTE) ? act.replace(WROTE_AGAIN, '') : act))
  const but = isBack(last.way) ? (isCulprit ? 'but then' : 'and then') : 'then'
  const clause = acts.length === 1 ? acts[0] : `${acts.slice(0, -1).join(', then ')}, ${but} ${acts.at(-1)}`
  return [`${whoOf(history, first.row)} ${clause}`]
}

const WROTE = 'wrote '
const WROTE_AGAIN = /^wrote /

/** Describes one step: `saw p1's comment = 8`, `wrote photo = 7`, `read photo = null from n2, not p1's 7`. */
function actOf({ row, way, seen, next }: Step, isCulprit: boolean, history: History): string {
  const missed = way === 'missed' ? `, not ${whose(history, next, row)} ${show(writtenBy(history, next))}` : ''
  const older = way === 'given' && isCulprit ? ', which is older' : ''
  const node = isBack(way) && isCulprit ? nodeText(history, row, isCas(history, row) ? 'at' : 'from') : ''
  if (!reads(history, row)) return `wrote ${pair(history, row, writtenBy(history, row))}${unanswered(history, row)}`
  if (isCas(history, row)) return `${casText(history, row)}${node}${missed}${older}`
  const source = seen ?? (way === 'given' && !isCulprit ? next : undefined)
  const value = pair(history, row, outputOf(history, row))
  const what = source === undefined ? `read ${value}` : `saw ${whose(history, source, row)} ${value}`
  return `${what}${node}${missed}${older}`
}

function casText(history: History, row: OperationRow): string {
  const input = inputOf(history, row)
  const [from, to] = Array.isArray(input) ? input : [undefined, input]
  const key = keyText(history, row)
  const what = `${key === '' ? 'it' : key} from ${show(from)} to ${show(to)}`
  return history.operations.outcome[row] === FAIL
    ? `could not change ${what}`
    : `changed ${what}${unanswered(history, row)}`
}

const writtenBy = (history: History, row: OperationRow): Json =>
  writtenValue(functionOf(history, row), inputOf(history, row))

const keyText = ({ keys, operations }: History, row: OperationRow): string => clipped(keys[operations.key[row]] ?? '')

/** Shortens a name, because names in files may be long. */
const clipped = (name: string): string => (name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 1)}…`)
const LONGEST_NAME = 60

/** Formats `x = 7`, or only the value if there is no key. */
const pair = (history: History, row: OperationRow, value: Json): string =>
  keyText(history, row) === '' ? show(value) : `${keyText(history, row)} = ${show(value)}`

function whoOf(history: History, row: OperationRow): string {
  const name = clientName(history, history.operations.process[row])
  return /^\d+$/.test(name) ? `p${name}` : clipped(name)
}

const whose = (history: History, row: OperationRow, viewer: OperationRow): string =>
  clientOf(history, row) === clientOf(history, viewer) ? 'its own' : `${whoOf(history, row)}'s`

const nodeText = ({ nodes, operations }: History, row: OperationRow, preposition: 'from' | 'at'): string =>
  phrase(preposition, nodes[operations.node[row]])

const unanswered = ({ operations }: History, row: OperationRow): string =>
  operations.outcome[row] === INFO ? ' (outcome unknown)' : ''

/** Returns the conclusion of a story. A single impossible answer needs none. */
function conclusionOf(backs: number): string {
  if (backs === 1) return ''
  return backs === 0 ? ' So something was seen before it was written.' : ' No one order fits all of that.'
}
