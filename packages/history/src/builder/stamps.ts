import type { Epoch } from '../event/epoch.ts'
import type { EventInput, Process, Stamps } from '../event/event.ts'
import { isClient } from '../tables/processes.ts'
import type { Ordering } from './disorder.ts'

/** An event with its time. Events are in the order of their times. */
export interface Stamped {
  readonly event: EventInput
  readonly process: Process
  readonly time: number
}

/**
 * Returns the precision of the stamps. Returns undefined if the stamps order the events of different processes: they
 * are exact, and no operation ends at the stamp at which an operation of another process begins.
 */
export function stampsOf(
  events: readonly Stamped[],
  epoch: Epoch,
  { clockNanos, skewNanos = 0 }: Pick<Ordering, 'clockNanos' | 'skewNanos'>,
): Stamps | undefined {
  const isAligned = clockNanos === undefined || events.every(({ time }) => time % clockNanos === 0)
  const withinNanos = ((isAligned ? 0 : clockNanos - 1) + skewNanos) / 2
  if (withinNanos === 0 && !haveTies(events)) return undefined
  return { resolutionNanos: clockNanos ?? resolutionOf(events, epoch), skewNanos, withinNanos }
}

/**
 * Reports whether an operation of one process ends, and an operation of another process begins, at the same timestamp.
 */
function haveTies(events: readonly Stamped[]): boolean {
  const called = new Set<Process>()
  const ended = new Set<Process>()
  let now = Number.NaN
  for (const { event, process, time } of events) {
    if (!isClient(process)) continue
    if (time !== now) {
      now = time
      called.clear()
      ended.clear()
    }
    const [own, others] = event.type === 'invoke' ? [called, ended] : [ended, called]
    if (others.size > 1 || (others.size === 1 && !others.has(process))) return true
    own.add(process)
  }
  return false
}

const NANOS_PER_SECOND = 1e9

function resolutionOf(events: readonly Stamped[], { from }: Epoch): number {
  let unit = NANOS_PER_SECOND
  while (from.nanos % unit !== 0) unit /= 10
  for (const { time } of events) while (time % unit !== 0) unit /= 10
  return unit
}

/** Returns a clause that describes the stamps, to be used within a sentence. */
export function stampsText({ resolutionNanos, skewNanos, withinNanos }: Stamps): string {
  const resolution =
    2 * withinNanos === skewNanos
      ? `stamps are multiples of ${unitText(resolutionNanos)}: equal stamps of different processes are in no order`
      : `stamps are accurate to ${unitText(resolutionNanos)}: stamps of different processes are in no order if they differ by less`
  return skewNanos === 0 ? resolution : `${resolution}, nor are stamps that differ by up to ${unitText(skewNanos)}`
}

/** For example `1 ms`, `15.6 ms`, `100 µs`. */
function unitText(nanos: number): string {
  if (nanos >= NANOS_PER_SECOND) return `${nanos / NANOS_PER_SECOND} s`
  if (nanos >= 1e6) return `${nanos / 1e6} ms`
  return nanos >= 1e3 ? `${nanos / 1e3} µs` : `${nanos} ns`
}
