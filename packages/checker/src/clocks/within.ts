import type { ClockReadings } from '@chaosproxy/history'
import type { ClockCost } from '../judge/clock-cost.ts'

export function withinOf({ within, clock }: ClockReadings): ClockCost['withinNanos'] {
  const known = within.filter((_, line) => (clock[line] ?? -1) !== -1).sort()
  const at = (share: number): number | null => {
    const nanos = known[Math.max(0, Math.ceil(share * known.length) - 1)] ?? 0
    return Number.isFinite(nanos) ? nanos : null
  }
  return { max: at(1), p50: at(0.5) }
}
