import type { Columns } from '../columns/columns.ts'
import type { Epoch } from '../event/epoch.ts'
import { UserError } from '../event/error.ts'
import { brokenRule } from '../event/rules.ts'
import { count, duration } from '../text/figures.ts'

export interface Ordering {
  /**
   * What determines the order of events. `lines`: the lines, even if the times contradict it. `time`: the times; events
   * of different processes at the same time have no order. By default, the lines determine the order, and contradicting
   * times are refused.
   */
  readonly by?: 'lines' | 'time' | undefined
  /**
   * For `time`: the resolution of the clocks in nanoseconds. Events whose times differ by less have no order. Detected
   * by default.
   */
  readonly clockNanos?: number | undefined
  /** For `time`: the largest difference between two processes' clocks in nanoseconds; 0 by default. */
  readonly skewNanos?: number | undefined
  /** How much earlier the time of an event may be than the time on an earlier line, in nanoseconds. */
  readonly toleranceNanos?: number | undefined
}

/** Real recorders have been observed to stamp events up to 1.2 ms earlier than the event on the line before. */
export const USUAL_TOLERANCE_NANOS = 2e6

/** Thrown if the times of a history contradict the order of its lines. */
export class OutOfOrder extends UserError {
  readonly inversion: Inversion
  /**
   * The two times that contradict the order of the lines, as texts. They are in nanoseconds, and count from the same
   * instant as the file's times.
   */
  readonly times: { readonly time: string; readonly latest: string }

  constructor(source: string, epoch: Epoch, inversion: Inversion, notes: readonly string[] = []) {
    const times = { time: epoch.textOf(inversion.time), latest: epoch.textOf(inversion.latest) }
    super('input', [outOfOrder(source, inversion, times), ...notes].join('\n'))
    this.inversion = inversion
    this.times = times
  }
}

export interface Inversion {
  readonly line: number
  readonly time: number
  readonly latestLine: number
  readonly latest: number
}

const sizeOf = ({ latest, time }: Inversion): number => latest - time

/** Collects events whose time is earlier than that of an event on a previous line. */
export class Disorder {
  readonly #ordering: Ordering
  #count = 0
  #worst: Inversion | undefined
  #worstReturn: Inversion | undefined

  constructor(ordering: Ordering = {}) {
    this.#ordering = ordering
  }

  get isEmpty(): boolean {
    return this.#worst === undefined
  }

  note(isCall: boolean, inversion: Inversion): void {
    this.#count += 1
    this.#worst = worse(this.#worst, inversion)
    if (!isCall) this.#worstReturn = worse(this.#worstReturn, inversion)
  }

  /**
   * Returns the worst inversion if it exceeds the tolerance. An inversion is an event whose time is earlier than the
   * time on an earlier line. By default, the tolerance is at most the median duration of an operation, because the unit
   * of the times may be coarser than a nanosecond. With `plansCalls`, an invocation may have an earlier time than the
   * event before it, so only completions count.
   */
  refused(columns: Columns, plansCalls: boolean): Inversion | undefined {
    const { by, toleranceNanos } = this.#ordering
    const worst = plansCalls ? this.#worstReturn : this.#worst
    if (worst === undefined || by === 'lines') return undefined
    const tolerated = toleranceNanos ?? Math.min(USUAL_TOLERANCE_NANOS, typicalNanos(columns))
    return sizeOf(worst) > tolerated ? worst : undefined
  }

  warnings(source: string): readonly string[] {
    const worst = this.#worst
    if (worst === undefined) return []
    const { line, latestLine } = worst
    const events = this.#count === 1 ? 'one event is' : `${count(this.#count)} events are`
    return [
      `${source}: ${events} earlier than an event on a preceding line, by up to ${duration(sizeOf(worst))} (line ${line}, after line ${latestLine}). The order of lines is used; --order time uses the order of times.`,
    ]
  }
}

const worse = (known: Inversion | undefined, found: Inversion): Inversion =>
  known === undefined || sizeOf(found) > sizeOf(known) ? found : known

const outOfOrder = (
  source: string,
  { line, time, latest, latestLine }: Inversion,
  times: OutOfOrder['times'],
): string =>
  brokenRule(
    source,
    line,
    `its time (${times.time}) is ${duration(latest - time)} before that of line ${latestLine} (${times.latest}), so the times contradict the order of the lines, and the verdict depends on which is right. ` +
      `If the times are right, as in a file with one client after another, give --order time. If the order of the lines is right, give --order lines. chaos check merges one file per client (--merge FILES), and tolerates this with --time-tolerance ${Math.ceil((latest - time) / 1e6)}ms.`,
  ).message

const MOST_SAMPLED = 1000

/** The median duration of a sample of answered operations; Infinity if there are none. */
function typicalNanos({ length, callTime, returnTime }: Columns): number {
  const step = Math.max(1, Math.floor(length / MOST_SAMPLED))
  const sample: number[] = []
  for (let row = 0; row < length; row += step) {
    const took = (returnTime[row] ?? 0) - (callTime[row] ?? 0)
    if (Number.isFinite(took)) sample.push(took)
  }
  sample.sort((a, b) => a - b)
  return sample[sample.length >> 1] ?? Number.POSITIVE_INFINITY
}
