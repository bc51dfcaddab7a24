/** Maps a drawing's event positions and times to pixels. */
export interface Scale {
  readonly ofEvent: (position: number) => number
  /** Returns the x of a time, interpolated between events. */
  readonly ofTime: (time: number) => number
  /** The shortened gaps: where each is, and its duration in nanoseconds. */
  readonly breaks: readonly { readonly x: number; readonly nanos: number }[]
}

/** A gap is shortened if it is more than this many times as long as the usual gap. */
const LONG = 6
/**
 * This share of the drawing's width is divided equally among the gaps between events, so that no two events coincide.
 */
const EVEN = 0.45

interface TimedEvent {
  readonly position: number
  readonly time: number
}

/**
 * Returns a scale on which time runs to the right. One part of the width is divided equally among the gaps between
 * events. The other part is divided in proportion to the durations of the gaps. Very long gaps are shortened. A fault
 * that begins or ends in such a gap splits it.
 */
export function scaleOf(
  operations: readonly TimedEvent[],
  left: number,
  right: number,
  moments: readonly number[] = [],
): Scale {
  const usual = gapsOf(operations).sort((a, b) => a - b)[Math.floor((operations.length - 1) / 2)] ?? 0
  const cap = usual > 0 ? usual * LONG : Number.POSITIVE_INFINITY
  const events = divided(operations, moments, cap)
  const gaps = gapsOf(events)
  const shown = gaps.map((gap) => Math.min(gap, cap))
  const total = shown.reduce((sum, gap) => sum + gap, 0)
  const width = right - left
  const even = total > 0 ? EVEN : 1
  const xs = [left]
  for (const gap of shown) {
    const own = total > 0 ? (gap / total) * (1 - even) * width : 0
    xs.push((xs[xs.length - 1] ?? left) + (even * width) / Math.max(1, gaps.length) + own)
  }
  const breaks = gaps.flatMap((gap, i) =>
    gap > cap ? [{ x: ((xs[i] ?? left) + (xs[i + 1] ?? left)) / 2, nanos: gap }] : [],
  )
  return {
    ofEvent(position) {
      const at = events.findIndex((event) => event.position === position)
      return xs[at] ?? (position <= (events[0]?.position ?? 0) ? left : right)
    },
    ofTime(time) {
      const after = events.findIndex((event) => event.time > time)
      if (after === 0) return left - 8
      if (after < 0) return right + 8
      const [from = 0, to = 0] = [events[after - 1]?.time, events[after]?.time]
      const [start = left, end = left] = [xs[after - 1], xs[after]]
      return to > from ? start + ((time - from) / (to - from)) * (end - start) : start
    },
    breaks,
  }
}

const gapsOf = (events: readonly TimedEvent[]): number[] =>
  events.slice(1).map((event, i) => Math.max(0, event.time - (events[i]?.time ?? 0)))

/** Inserts moments into gaps longer than `longest`. */
function divided(events: readonly TimedEvent[], moments: readonly number[], longest: number): readonly TimedEvent[] {
  return events.flatMap((event, i) => {
    const next = events[i + 1]
    if (next === undefined || next.time - event.time <= longest) return [event]
    const within = [...new Set(moments)].filter((time) => time > event.time && time < next.time).sort((a, b) => a - b)
    // A moment between two events is not an event itself, so it has no position.
    return [event, ...within.map((time) => ({ position: Number.NaN, time }))]
  })
}
