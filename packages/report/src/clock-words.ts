import type { ClockCost } from '@chaosproxy/checker'
import { count, duration, plural } from '@chaosproxy/history'

/**
 * What it cost that times are by several clocks: `the clocks of 2 load workers agreed to within ±0.4 ms, half of the time ±80 µs; 31
 * orders between two operations are open, which changed nothing`.
 */
export function clocksText({ clocks, withinNanos: { max, p50 }, unordered, cramped, undecided }: ClockCost): string {
  const whose = clocks === 1 ? 'the clock of 1 load worker' : `the clocks of ${count(clocks)} load workers`
  const known =
    max === null
      ? `${whose} did not all keep their bounds, so some times are unknown`
      : `${whose} agreed to within ±${duration(max)}${p50 === null ? '' : `, half of the time ±${duration(p50)}`}`
  const open = `${plural(unordered, 'order')} between two operations ${unordered === 1 ? 'is' : 'are'} open`
  const short = cramped === 0 ? '' : `, ${plural(cramped, 'operation')} took less time than that`
  const effect = undecided.length === 0 ? 'changed nothing' : `leaves ${undecided.join(' and ')} undecided`
  return `${known}; ${open}${short}, which ${effect}`
}
