import type { OperationRow } from '@chaosproxy/checker'
import type { History, ValueId } from '@chaosproxy/history'
import { type FaultSpan, lastTime } from '@chaosproxy/runner/result'
import type { EmbeddedOperations } from '../browser/page-data.ts'
import { hasTimes } from '../moments.ts'
import { isTelling, printable, processText, valueText } from '../operation-words.ts'
import { digitsOf } from './digits.ts'
import { errorsOf, formsOf, linesOf, numberColumn, timesOf, valuesOf } from './fields.ts'
import type { Lanes } from './lanes.ts'

/** More operations than this are not embedded: the page must open at once, and be small enough to send. */
const MOST_EMBEDDED = 50_000
/** The most embedded operations to use for the moments that matter; the rest is an even sample. */
const MOST_NEAR = 37_500
const NEAR_NANOS = 1e9
const WIDTHS = 1_000
/** Characters of one value, key or error in the page, and of all of one kind together. */
const LONGEST_TEXT = 120
const MOST_TEXT = 400_000

export interface Selection {
  /** Their rows, ascending. */
  readonly operations: Int32Array
  /**
   * Everything within this many nanoseconds of a violation or of a fault's edge is included; Infinity if everything is.
   */
  readonly completeWithin: number
  /** Every nth of the other operations is included. */
  readonly every: number
  /** The stretches in which everything is included, in nanoseconds, if that is not everywhere. */
  readonly complete: readonly (readonly [from: number, to: number])[]
}

/** Chooses the operations a page embeds: all of them, or those around what matters and a sample of the rest. */
export function select(
  history: History,
  spans: readonly FaultSpan[],
  accused: readonly OperationRow[],
  most: number = MOST_EMBEDDED,
): Selection {
  const { length, callTime } = history.operations
  if (length <= most) {
    return {
      operations: new Int32Array(length).map((_, operation) => operation),
      completeWithin: Number.POSITIVE_INFINITY,
      every: 1,
      complete: [],
    }
  }
  const edges = [
    ...accused.map((operation) => callTime[operation] ?? 0),
    ...spans.flatMap((span) => [span.from, span.to]),
  ].sort((a, b) => a - b)
  const distances = distancesOf(callTime, length, edges)
  const within = widthOf(distances, Math.min(MOST_NEAR, Math.floor(most * 0.75)))
  let far = 0
  for (let operation = 0; operation < length; operation++) if ((distances[operation] ?? 0) >= within) far++
  const every = Math.max(1, Math.ceil(far / (most - (length - far))))
  const named = [...new Set(accused)].sort((a, b) => a - b)
  const operations = new Int32Array(length)
  let [chosen, passed, nextNamed] = [0, 0, 0]
  for (let operation = 0; operation < length; operation++) {
    const isNear = (distances[operation] ?? 0) < within
    const isSampled = !isNear && passed++ % every === 0
    const isNamed = named[nextNamed] === operation
    if (isNamed) nextNamed++
    if (isNear || isSampled || isNamed) operations[chosen++] = operation
  }
  return { operations: operations.subarray(0, chosen), completeWithin: within, every, complete: around(edges, within) }
}

/** The usual width; where more operations lie within it than are allowed, a smaller one. */
function widthOf(distances: Float64Array, allowed: number): number {
  // Counted, since sorting them all would take longer than everything else.
  const step = NEAR_NANOS / WIDTHS
  const counts = new Uint32Array(WIDTHS)
  for (let operation = 0; operation < distances.length; operation++) {
    const distance = distances[operation] ?? 0
    if (distance >= NEAR_NANOS) continue
    const width = Math.floor(distance / step)
    counts[width] = (counts[width] ?? 0) + 1
  }
  let near = 0
  for (const [width, count] of counts.entries()) {
    near += count
    if (near > allowed) return width * step
  }
  return NEAR_NANOS
}

/** The stretches up to this far from one of the sorted edges, joined where they meet. */
function around(edges: readonly number[], within: number): (readonly [from: number, to: number])[] {
  const stretches: [number, number][] = []
  for (const edge of edges) {
    const last = stretches[stretches.length - 1]
    if (last !== undefined && edge - within <= last[1]) last[1] = edge + within
    else stretches.push([Math.max(0, edge - within), edge + within])
  }
  return stretches
}

/**
 * How far each operation's call is from the nearest of the sorted edges; Infinity if there are none. Each search begins
 * where the last one ended: operations are called one after the other.
 */
function distancesOf(callTime: Float64Array, length: number, edges: readonly number[]): Float64Array {
  const bounds = Float64Array.of(Number.NEGATIVE_INFINITY, ...edges, Number.POSITIVE_INFINITY)
  const distances = new Float64Array(length)
  let next = 1
  for (let operation = 0; operation < length; operation++) {
    const time = callTime[operation] ?? 0
    while ((bounds[next] ?? 0) < time) next++
    while (next > 1 && (bounds[next - 1] ?? 0) >= time) next--
    distances[operation] = Math.min((bounds[next] ?? 0) - time, time - (bounds[next - 1] ?? 0))
  }
  return distances
}

/**
 * Operations as digits for `decode` in the browser, one field of all of them after the other: each is its difference
 * from a prediction, in as few digits as possible. Several short loops are compiled sooner than a long one.
 */
export function embed(
  history: History,
  rows: Int32Array,
  accused: ReadonlySet<OperationRow>,
  lanes: Lanes,
): EmbeddedOperations {
  const { process, key } = history.operations
  const unit = hasTimes(history) ? 1000 : 1
  const processes = numberColumn(process, rows, history.processCount)
  const keys = numberColumn(key, rows, history.keys.length)
  const errors = errorsOf(history, rows)
  const values = valuesOf(history, rows)
  const fields = [
    ...[timesOf(history, rows, unit), linesOf(history, rows), processes.numbers, keys.numbers],
    ...[formsOf(history, rows, accused), errors.numbers, values.numbers],
  ]
  return {
    count: rows.length,
    unit,
    digits: fields.map(digitsOf).join(''),
    processes: processes.all.map((process) => processText(history, process)),
    lanes: lanes.names.map((name) => cut(name, LONGEST_TEXT)),
    atOpening: lanes.atOpening,
    laneOf: processes.all.map((process) => lanes.laneOf.get(process) ?? 0),
    functions: history.functions.map(printable),
    telling: history.functions.map(isTelling),
    keys: clipped(keys.all.map((key) => printable(history.keys[key] ?? ''))),
    nodes: history.nodes.map(printable),
    values: clipped(values.all.map((id) => valueText(history.values.json(id as ValueId), LONGEST_TEXT))),
    errors: clipped(errors.all.map(printable)),
  }
}

/** Cuts texts so that all of them fit: the timeline only names things, and the history file has the full texts. */
function clipped(texts: readonly string[]): string[] {
  const longest = Math.max(16, Math.min(LONGEST_TEXT, Math.floor(MOST_TEXT / Math.max(1, texts.length))))
  return texts.map((text) => cut(text, longest))
}

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`

/** Nanoseconds at the right edge of the page's time axis. */
export const endOf = (history: History, spans: readonly FaultSpan[]): number =>
  Math.max(1, lastTime(history), ...spans.map((span) => span.to))
