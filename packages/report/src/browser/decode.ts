import type { PageData } from './page-data.ts'

/**
 * An operation of the timeline. Times are nanoseconds; process, function, key, node and error are numbers of the
 * page's texts.
 */
export interface Operation {
  /** Its place among all operations of the page. */
  readonly index: number
  readonly call: number
  /** Infinity if no answer came. */
  readonly end: number
  /** Where its bar ends: at its end or, without an answer, at the next operation of its row. */
  readonly shownEnd: number
  readonly process: number
  /** The number of its row. */
  readonly lane: number
  readonly f: number
  /** -1 if there is none; likewise `node` and `error`. */
  readonly key: number
  readonly node: number
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly final: boolean
  /** Part of any contradiction. */
  readonly accused: boolean
  readonly input: number
  readonly output: number
  readonly error: number
  readonly line: number
  /** 0 if no answer came. */
  readonly endLine: number
}

/** Reads what `embed` wrote, field by field; ordered by call. */
export function decode({ bytes, count, unit, laneOf, end: endOfRun }: PageData): Operation[] {
  const text = atob(bytes)
  const outcomes = ['ok', 'fail', 'info'] as const
  let at = 0
  const unsigned = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = text.charCodeAt(at++)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const signed = (): number => {
    const value = unsigned()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }
  let callUnits = 0
  let line = 0
  const operations = Array.from({ length: count }, (_, index) => {
    callUnits += signed()
    const call = callUnits * unit
    const took = unsigned()
    const [process, f, key, node, flags] = [unsigned(), unsigned(), unsigned() - 1, unsigned() - 1, unsigned()]
    const input = signed()
    const output = unsigned() === 0 ? input : signed()
    const error = unsigned() - 1
    line += signed()
    const answered = unsigned()
    const end = took === 0 ? Number.POSITIVE_INFINITY : call + (took - 1) * unit
    return {
      index,
      call,
      end,
      shownEnd: end,
      process,
      lane: laneOf[process] ?? 0,
      f,
      key,
      node,
      outcome: outcomes[flags & 3] ?? 'ok',
      final: (flags & 4) !== 0,
      accused: (flags & 8) !== 0,
      input,
      output,
      error,
      line,
      endLine: answered === 0 ? 0 : line + answered - 1,
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
