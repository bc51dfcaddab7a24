import type { OperationRow } from '@chaosproxy/checker'
import { type History, hasTimes, lastTime, type ValueId } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import type { EmbeddedOperations } from '../browser/page-data.ts'
import { hasReturnValue, printable, processText, valueText } from '../operation-words.ts'
import { digitsOf } from './digits.ts'
import { fieldsOf } from './fields.ts'
import type { Lanes } from './lanes.ts'

/** The page must open without delay, and be small enough to send. */
const MOST_EMBEDDED = 50_000
/**
 * Maximum number of operations near violations and faults that a page contains. The page also contains a sample of all
 * other operations.
 */
const MOST_NEAR = 37_500
const NEAR_NANOS = 1e9
const STEPS = 1_000
const STEP_NANOS = NEAR_NANOS / STEPS
/** Maximum length of one value, key or error, in characters. */
const LONGEST_TEXT = 120
/** Maximum length of all values, keys and errors together, in characters. */
const MOST_TEXT = 400_000

export interface Selection {
  /** Their rows, ascending. */
  readonly operations: Int32Array
  /**
   * The page contains all operations within this number of nanoseconds of a violation, or of the start or end of a
   * fault. Infinity if it contains all operations.
   */
  readonly completeWithin: number
  /** One in this many operations outside the time spans in `complete` is embedded. */
  readonly every: number
  /**
   * The time spans, in nanoseconds, from which the page contains every operation. Empty if it contains the whole
   * history.
   */
  readonly complete: readonly (readonly [from: number, to: number])[]
}

/** Chooses the operations to embed: all, or those close to violations and faults, and a sample of the rest. */
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
  const distances = new Float64Array(length)
  const nearby = nearbyOf(callTime, edges, distances)
  const { within, near } = widthOf(nearby, Math.min(MOST_NEAR, Math.floor(most * 0.75)))
  const every = Math.max(1, Math.ceil((length - near) / (most - near)))
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

/**
 * Returns a distance (`within`), and how many operations are nearer than this to a violation or to an edge of a fault
 * (`near`). The distance is the largest, up to `NEAR_NANOS`, for which `near` is at most `allowed`.
 */
function widthOf(nearby: Uint32Array, allowed: number): { readonly within: number; readonly near: number } {
  let near = 0
  for (const [step, count] of nearby.entries()) {
    if (near + count > allowed) return { within: step * STEP_NANOS, near }
    near += count
  }
  return { within: NEAR_NANOS, near }
}

/** Returns the time spans around the sorted edges. Overlapping spans are merged. */
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
 * Counts operations by their distance from the nearest edge, and stores the distances. Edges and operations are sorted,
 * so each search starts at the previous position. The counts make it unnecessary to sort by distance, which would take
 * longer than everything else.
 */
function nearbyOf(callTime: Float64Array, edges: readonly number[], distances: Float64Array): Uint32Array {
  const bounds = Float64Array.of(Number.NEGATIVE_INFINITY, ...edges, Number.POSITIVE_INFINITY)
  const nearby = new Uint32Array(STEPS)
  let next = 1
  for (let operation = 0; operation < distances.length; operation++) {
    const time = callTime[operation] ?? 0
    while ((bounds[next] ?? 0) < time) next++
    while (next > 1 && (bounds[next - 1] ?? 0) >= time) next--
    const distance = Math.min((bounds[next] ?? 0) - time, time - (bounds[next - 1] ?? 0))
    distances[operation] = distance
    if (distance >= NEAR_NANOS) continue
    const step = Math.floor(distance / STEP_NANOS)
    nearby[step] = (nearby[step] ?? 0) + 1
  }
  return nearby
}

/** Encodes operations for `decode` in the browser, each number as its difference from a prediction. */
export function embed(
  history: History,
  rows: Int32Array,
  accused: readonly OperationRow[],
  lanes: Lanes,
): EmbeddedOperations {
  const unit = hasTimes(history) ? 1000 : 1
  const { numbers, processes, keys, values, errors } = fieldsOf(history, rows, accused, unit)
  return {
    count: rows.length,
    unit,
    digits: numbers.map(digitsOf).join(''),
    processes: processes.map((process) => processText(history, process)),
    lanes: lanes.names.map((name) => cut(name, LONGEST_TEXT)),
    atOpening: lanes.atOpening,
    laneOf: processes.map((process) => lanes.laneOf.get(process) ?? 0),
    functions: history.functions.map(printable),
    telling: history.functions.map(hasReturnValue),
    keys: clipped(keys.map((key) => printable(history.keys[key] ?? ''))),
    nodes: history.nodes.map(printable),
    values: clipped(values.map((id) => valueText(history.values.json(id as ValueId), LONGEST_TEXT))),
    errors: clipped(errors.map(printable)),
  }
}

/** Truncates texts so that all fit. The history file has the full texts. */
function clipped(texts: readonly string[]): string[] {
  const longest = Math.max(16, Math.min(LONGEST_TEXT, Math.floor(MOST_TEXT / Math.max(1, texts.length))))
  return texts.map((text) => cut(text, longest))
}

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`

export const endOf = (history: History, spans: readonly FaultSpan[]): number =>
  Math.max(1, lastTime(history), ...spans.map((span) => span.to))
