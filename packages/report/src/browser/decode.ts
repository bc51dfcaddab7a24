import type { PageData } from './page-data.ts'

/** An operation of the timeline. Times are in nanoseconds; the other numbers are indexes into the page's texts. */
export interface Operation {
  /** Index among all operations of the page. */
  readonly index: number
  readonly call: number
  /** Time of the answer; Infinity if no answer came. */
  readonly end: number
  /**
   * The end of the operation's bar in the timeline. Without an answer, the bar ends at the next operation in the same
   * row.
   */
  readonly shownEnd: number
  readonly process: number
  readonly lane: number
  readonly f: number
  /** Index of the key, or -1 without a key. `node` and `error` are such indexes, too. */
  readonly key: number
  readonly node: number
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly final: boolean
  /** Whether the operation is part of any contradiction. */
  readonly accused: boolean
  readonly input: number
  readonly output: number
  readonly error: number
  readonly line: number
  /** The answer's line in the history; 0 without an answer. */
  readonly endLine: number
}

/** Decodes the operations that `embed` encoded, in the order of their calls. */
export function decode({ digits, count, unit, laneOf, functions, nodes, end: endOfRun }: PageData): Operation[] {
  const digitOf = new Uint8Array(128)
  for (const [digit, sign] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
    digitOf[sign.charCodeAt(0)] = digit
  const outcomes = ['ok', 'fail', 'info'] as const
  let at = 0
  const unsigned = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 32) {
      const digit = digitOf[digits.charCodeAt(at++)] ?? 0
      value += (digit & 31) * scale
      if (digit < 32) return value
    }
  }
  const signed = (): number => {
    const value = unsigned()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }
  /** Decodes time spans: the beginning, then 1 + the duration, or 0 for a span without an end. */
  const stretches = (none: number): (readonly [from: number, to: number])[] => {
    let from = 0
    return Array.from({ length: count }, () => {
      from += signed()
      const distance = unsigned()
      return [from, distance === 0 ? none : from + distance - 1]
    })
  }
  const field = (): number[] => Array.from({ length: count }, unsigned)
  const times = stretches(Number.POSITIVE_INFINITY)
  const lines = stretches(0)
  const [processes, keys, forms] = [field(), field(), field()]
  const errors = new Map<number, number>()
  for (let [left, index] = [unsigned(), 0]; left > 0; left--) {
    index += unsigned()
    errors.set(index, unsigned())
  }
  let last = 0
  const value = (): number => {
    last += signed()
    return last
  }
  const operations = Array.from({ length: count }, (_, index) => {
    const [call, end] = times[index] ?? [0, 0]
    const [line, endLine] = lines[index] ?? [0, 0]
    const process = (processes[index] ?? 0) - 1
    const form = forms[index] ?? 0
    const placed = Math.floor(form / functions.length)
    const bits = Math.floor(placed / (nodes.length + 1))
    const input = bits & 2 ? 0 : value()
    return {
      index,
      call: call * unit,
      end: end * unit,
      shownEnd: end * unit,
      process,
      lane: laneOf[process] ?? 0,
      f: form % functions.length,
      key: (keys[index] ?? 0) - 1,
      node: (placed % (nodes.length + 1)) - 1,
      outcome: outcomes[(bits >> 2) & 3] ?? 'ok',
      final: (bits & 16) !== 0,
      accused: (bits & 32) !== 0,
      input,
      output: bits & 1 ? input : value(),
      error: errors.get(index) ?? -1,
      line,
      endLine,
    }
  })
  const nextCall: number[] = []
  for (const operation of [...operations].reverse()) {
    const { lane, end } = operation
    operation.shownEnd = Number.isFinite(end) ? end : Math.min(nextCall[lane] ?? endOfRun, endOfRun)
    nextCall[lane] = operation.call
  }
  return operations
}
