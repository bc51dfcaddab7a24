import type { EventInput, Json } from '@chaosproxy/history'

// The initial values of objects that can matter to a small history.

const outputsOf = (events: readonly EventInput[], ...functions: readonly string[]): Json[] =>
  events.flatMap(({ f, type, value }) => (type === 'ok' && functions.includes(f) ? [value ?? null] : []))

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Returns every list that contains some of the items, in every order. */
function arrangements(items: readonly Json[]): Json[][] {
  const found = new Map<string, Json[]>([['[]', []]])
  const go = (chosen: Json[], left: readonly Json[]): void => {
    for (const [at, item] of left.entries()) {
      const next = [...chosen, item]
      const name = JSON.stringify(next)
      if (found.has(name)) continue
      found.set(name, next)
      go(next, left.toSpliced(at, 1))
    }
  }
  go([], items)
  return [...found.values()]
}

const byText = (list: readonly Json[]): Json[] =>
  list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const distinct = (states: readonly Json[]): Json[] => [...new Map(states.map((s) => [JSON.stringify(s), s])).values()]

export const objectStarts: { readonly [model: string]: (events: readonly EventInput[]) => readonly Json[] } = {
  'multi-register': () => {
    const values: Json[] = [null, 1, 2, 3, 4]
    return values.flatMap((x) => values.flatMap((y) => values.map((z) => ({ x, y, z }))))
  },
  counter: () => range(-40, 40),
  set: () => distinct(arrangementsOfSets(range(0, 5))),
  queue: (events) => arrangements(outputsOf(events, 'dequeue').filter((each) => each !== null)),
  bag: (events) => distinct(arrangements(outputsOf(events, 'dequeue').filter((each) => each !== null)).map(byText)),
  lock: (events) =>
    [-1, ...new Set(events.map(({ process }) => Number(process)))].map((holder) => ({ holder, token: -1 })),
  'list-append': (events) =>
    distinct([
      [],
      ...outputsOf(events, 'read').flatMap((read) =>
        Array.isArray(read) ? range(0, read.length).map((end) => read.slice(0, end)) : [],
      ),
    ]),
  'dense-log': (events) =>
    range(0, 14).map((length) => {
      const entries: Json[] = range(1, length).map((at) => `entry ${at}`)
      const inputsByKey = new Map<string | number, Json>()
      for (const { process, type, f, value } of events) {
        if (type === 'invoke') inputsByKey.set(process, value ?? null)
        else if (type === 'ok' && f === 'read' && Array.isArray(value)) {
          const { offset = 0 } = (inputsByKey.get(process) ?? {}) as { offset?: number }
          for (const [at, entry] of value.entries()) if (offset + at < length) entries[offset + at] = entry
        }
      }
      return entries
    }),
  bank: (events) => {
    const totals = new Set(
      outputsOf(events, 'read').map((read) => Object.values(read as object).reduce((a, b) => a + b, 0)),
    )
    const states: Json[] = []
    for (const total of totals.size > 0 ? totals : [40]) {
      for (const a of range(0, total)) {
        for (const done of [[], [0], [1], [0, 1]]) states.push({ a, b: total - a, done })
      }
    }
    return states
  },
  'unique-ids': () => [[]],
}

function arrangementsOfSets(elements: readonly number[]): Json[][] {
  const [first, ...others] = elements
  if (first === undefined) return [[]]
  const rest = arrangementsOfSets(others)
  return [...rest, ...rest.map((each) => [first, ...each])]
}

/** Returns the rest of a history whose first operations were not recorded. */
export function withoutFirst(events: readonly EventInput[], cut: number): EventInput[] {
  const left: EventInput[] = []
  const open = new Set<string | number>()
  for (const [at, event] of events.entries()) {
    if (event.type === 'invoke' && at >= cut) open.add(event.process)
    if (open.has(event.process)) left.push(event)
    if (event.type !== 'invoke') open.delete(event.process)
  }
  return left
}
