import { count, duration, moment, type Nanos, percent } from '@chaosproxy/history'

export const durationOfMillis = (milliseconds: number): string => duration(milliseconds * 1e6)

/** Returns the number of digits with which different times look different. Returns at most `most`. */
export function distinguishingDigits(times: readonly number[], most: number = 9): number {
  const distinct = new Set(times.filter(Number.isFinite))
  for (let digits = 3; digits < most; digits++) {
    const shown = new Set([...distinct].map((time) => moment(time, digits)))
    if (shown.size === distinct.size) return digits
  }
  return most
}

/** With fewer cases, a percentage would look too precise. */
const FEW = 20

/** Formats a share of `all` cases as `99.98%`, or as `2 of 3` if there are few cases. `share` is from 0 to 1. */
export const percentOf = (share: number, all: number): string =>
  all < FEW ? `${Math.round(share * all)} of ${all}` : percent(share)

/** Formats a share from 0 to 1 with the number of cases: `99.98% of 1,204`, or `2 of 3`. */
export const shareOf = (share: number, all: number): string =>
  all < FEW ? percentOf(share, all) : `${percent(share)} of ${count(all)}`

/** Leaves out empty texts. */
export const nonEmpty = (texts: readonly string[]): string[] => texts.filter((text) => text !== '')

/** Joins texts with spaces, and leaves out empty texts. */
export const sentences = (...texts: readonly string[]): string => nonEmpty(texts).join(' ')

/** Joins items to a list: `a`, `a and b`, `a, b and c`. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`

/** Lists the first `most` items, and the number of the others. */
export const listedAtMost = (items: readonly string[], most: number): string =>
  items.length <= most ? listed(items) : `${items.slice(0, most).join(', ')} and ${count(items.length - most)} more`

/** Groups items by a key, in the order of the first item of each group. */
export function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): ReadonlyMap<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** `twice`, `3 times`. */
export const timesText = (times: number): string => (times === 2 ? 'twice' : `${count(times)} times`)

/** Formats line numbers: `lines 3 and 9`, `10 lines between 44,680 and 44,734`. */
export function lineList(lines: readonly number[]): string {
  const sorted = [...new Set(lines)].filter((line) => line > 0).sort((a, b) => a - b)
  const [first, last] = [sorted[0], sorted[sorted.length - 1]]
  if (first === undefined || last === undefined) return ''
  const runs: [number, number][] = []
  for (const line of sorted) {
    const run = runs[runs.length - 1]
    if (run !== undefined && run[1] === line - 1) run[1] = line
    else runs.push([line, line])
  }
  if (runs.length > 4) return `${count(sorted.length)} lines between ${count(first)} and ${count(last)}`
  const text = listed(runs.map(([from, to]) => (from === to ? count(from) : `${count(from)}–${count(to)}`)))
  return `${sorted.length === 1 ? 'line' : 'lines'} ${text}`
}

/** Capitalizes the first letter of a sentence, but not of a name such as `n1` or `server.ts`. */
export const capitalised = (text: string): string =>
  /^[a-z]+(?:-[a-z]+)*(?![\w"-]|\.\w)/.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text

export const perSecond = (operations: number, during: Nanos): string =>
  during > 0 ? `${count(operations / (during / 1e9))} ops/s` : '–'
