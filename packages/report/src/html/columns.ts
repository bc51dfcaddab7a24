import type { OperationRow } from '@chaosproxy/checker'
import { type History, NULL, type ValueId } from '@chaosproxy/history'
import { type FaultSpan, lastTime } from '@chaosproxy/runner/result'
import type { EmbeddedOperations } from '../browser/page-data.ts'
import { hasTimes } from '../moments.ts'
import { isTelling, printable, processText, valueText } from '../operation-words.ts'
import { byteWriter } from './bytes.ts'
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
  readonly operations: readonly OperationRow[]
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
    const all = Array.from({ length }, (_, operation) => operation)
    return { operations: all, completeWithin: Number.POSITIVE_INFINITY, every: 1, complete: [] }
  }
  const edges = [
    ...accused.map((operation) => callTime[operation] ?? 0),
    ...spans.flatMap((span) => [span.from, span.to]),
  ].sort((a, b) => a - b)
  const distances = new Float64Array(length)
  const distanceTo = distancesTo(edges)
  for (let operation = 0; operation < length; operation++) distances[operation] = distanceTo(callTime[operation] ?? 0)
  const within = widthOf(distances, Math.min(MOST_NEAR, Math.floor(most * 0.75)))
  let far = 0
  for (const distance of distances) if (distance >= within) far++
  const every = Math.max(1, Math.ceil(far / (most - (length - far))))
  const named = [...new Set(accused)].sort((a, b) => a - b)
  const operations: OperationRow[] = []
  let [passed, nextNamed] = [0, 0]
  for (let operation = 0; operation < length; operation++) {
    const isNear = (distances[operation] ?? 0) < within
    const isSampled = !isNear && passed++ % every === 0
    const isNamed = named[nextNamed] === operation
    if (isNamed) nextNamed++
    if (isNear || isSampled || isNamed) operations.push(operation)
  }
  return { operations, completeWithin: within, every, complete: around(edges, within) }
}

/** The usual width; where more operations lie within it than are allowed, a smaller one. */
function widthOf(distances: Float64Array, allowed: number): number {
  // Counted, since sorting them all would take longer than everything else.
  const step = NEAR_NANOS / WIDTHS
  const counts = new Uint32Array(WIDTHS)
  for (const distance of distances)
    if (distance < NEAR_NANOS) {
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
 * Distances to the nearest of the sorted edges; Infinity if there are none. Each search begins where the last one ended:
 * operations are called one after the other.
 */
function distancesTo(edges: readonly number[]): (time: number) => number {
  let next = 0
  const edge = (i: number): number => edges[i] ?? (i < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  return (time) => {
    while (edge(next) < time) next++
    while (edge(next - 1) >= time) next--
    return Math.min(edge(next) - time, time - edge(next - 1))
  }
}

/**
 * Operations as one string for `decode` in the browser: each field is its difference from a prediction, in as few bytes
 * as possible.
 */
export function embed(
  history: History,
  operations: readonly OperationRow[],
  accused: ReadonlySet<OperationRow>,
  lanes: Lanes,
): EmbeddedOperations {
  const columns = history.operations
  const unit = hasTimes(history) ? 1000 : 1
  const writer = byteWriter()
  const values = numbering<number>()
  const errors = numbering<string>()
  const processes = numberingBelow(history.processCount)
  const keys = numberingBelow(history.keys.length)
  // Null is 0 there as it is here.
  values.of(NULL)
  const value = (id: number): number => ((id & 1) === 1 ? id : values.of(id) * 2)
  let call = 0
  let line = 0
  for (const operation of operations) {
    const at = Math.round((columns.callTime[operation] ?? 0) / unit)
    const returned = columns.returnTime[operation] ?? 0
    const called = columns.callLine[operation] ?? 0
    const answered = columns.returnLine[operation] ?? 0
    const error = history.errorOf(operation)
    const input = columns.input[operation] ?? 0
    const output = columns.output[operation] ?? 0
    writer.signed(at - call)
    writer.unsigned(Number.isFinite(returned) ? 1 + Math.max(0, Math.round(returned / unit) - at) : 0)
    writer.unsigned(processes.of(columns.process[operation] ?? 0))
    writer.unsigned(columns.f[operation] ?? 0)
    const key = columns.key[operation] ?? -1
    writer.unsigned(key < 0 ? 0 : keys.of(key) + 1)
    writer.unsigned((columns.node[operation] ?? -1) + 1)
    writer.unsigned(
      (columns.outcome[operation] ?? 0) +
        ((4 * (columns.flags[operation] ?? 0)) % 8) +
        (accused.has(operation) ? 8 : 0),
    )
    writer.signed(value(input))
    writer.unsigned(output === input ? 0 : 1)
    if (output !== input) writer.signed(value(output))
    writer.unsigned(error === undefined ? 0 : 1 + errors.of(error))
    writer.signed(called - line)
    writer.unsigned(answered === 0 ? 0 : 1 + Math.max(0, answered - called))
    call = at
    line = called
  }
  return {
    count: operations.length,
    unit,
    bytes: writer.base64(),
    processes: processes.all().map((process) => processText(history, process)),
    lanes: lanes.names.map((name) => cut(name, LONGEST_TEXT)),
    atOpening: lanes.atOpening,
    laneOf: processes.all().map((process) => lanes.laneOf.get(process) ?? 0),
    functions: history.functions.map(printable),
    telling: history.functions.map(isTelling),
    keys: clipped(keys.all().map((key) => printable(history.keys[key] ?? ''))),
    nodes: history.nodes.map(printable),
    values: clipped(values.all().map((id) => valueText(history.values.json(id as ValueId), LONGEST_TEXT))),
    errors: clipped(errors.all().map(printable)),
  }
}

/** Cuts texts so that all of them fit: the timeline only names things, and the history file has the full texts. */
function clipped(texts: readonly string[]): string[] {
  const longest = Math.max(16, Math.min(LONGEST_TEXT, Math.floor(MOST_TEXT / Math.max(1, texts.length))))
  return texts.map((text) => cut(text, longest))
}

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`

interface Numbering<Thing> {
  /** The number of a thing: the next one, where it has none. */
  readonly of: (thing: Thing) => number
  readonly all: () => Thing[]
}

/** Of numbers below another one, faster than of anything else. */
function numberingBelow(end: number): Numbering<number> {
  const numbers = new Int32Array(end).fill(-1)
  const all: number[] = []
  return {
    of(thing) {
      const known = numbers[thing] ?? -1
      if (known >= 0) return known
      numbers[thing] = all.length
      return all.push(thing) - 1
    },
    all: () => all,
  }
}

function numbering<Thing>(): Numbering<Thing> {
  const numbers = new Map<Thing, number>()
  return {
    of(thing) {
      const known = numbers.get(thing)
      if (known !== undefined) return known
      numbers.set(thing, numbers.size)
      return numbers.size - 1
    },
    all: () => [...numbers.keys()],
  }
}

/** Nanoseconds at the right edge of the page's time axis. */
export const endOf = (history: History, spans: readonly FaultSpan[]): number =>
  Math.max(1, lastTime(history), ...spans.map((span) => span.to))
