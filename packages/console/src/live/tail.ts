import type { Event, Json } from '@chaosproxy/history'
import type { TailRow } from '../browser/frames.ts'

/** Operations sampled of each second, half of them kept for those that did not succeed. */
const PER_SECOND = 8
const MOST_ROWS = 40
const LONGEST_VALUE = 60

/** A few operations of each second, as text. Those that fail are rare, and so come first. */
export interface Tail {
  add(event: Event, outcome: TailRow['outcome'], at: number, ms: number): void
  rows(): readonly TailRow[]
}

export function createTail(): Tail {
  let rows: TailRow[] = []
  let second = -1
  let taken = { good: 0, bad: 0 }
  return {
    add(event, outcome, at, ms) {
      const now = Math.floor(at / 1000)
      if (now !== second) {
        second = now
        taken = { good: 0, bad: 0 }
      }
      const kind = outcome === 'ok' ? 'good' : 'bad'
      if (taken[kind] >= PER_SECOND / 2) return
      taken[kind]++
      rows.push({
        at,
        process: String(event.process),
        node: event.node,
        text: textOf(event),
        outcome,
        ms,
        ...(event.error === undefined ? {} : { error: event.error.slice(0, 120) }),
      })
      if (rows.length > 2 * MOST_ROWS) rows = rows.slice(-MOST_ROWS)
    },
    rows: () => rows.slice(-MOST_ROWS),
  }
}

/** `read x → 3`. */
function textOf({ f, key, value, type }: Event): string {
  const object = key === undefined ? f : `${f} ${key.slice(0, LONGEST_VALUE)}`
  return value === undefined || (value === null && type !== 'ok') ? object : `${object}: ${shortJson(value)}`
}

/** A value may be a megabyte: only its beginning is put into words. */
function shortJson(value: Json): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST_VALUE)) : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}
