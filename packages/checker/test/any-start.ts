import type { EventInput, History, Json } from '@chaosproxy/history'
import { smallHistory } from '../../testing/src/small-history.ts'

// What it means that nobody knows what a key held at the start, written out: some value for each key makes it so. Nothing
// here is shared with the checker.

/** In place of the value that a key is taken to have held; the definitions are tried with it as the initial value. */
export const START = 'what was there'

/** Null is a value like any other here; the definitions take it for the initial one. */
const NOTHING = 'null'

const asValue = (json: Json | undefined): Json => (json === null || json === undefined ? NOTHING : json)

const keyOf = (key: EventInput['key']): string => (typeof key === 'string' ? key : '')

const isPair = (json: Json | undefined): json is readonly [Json, Json] => Array.isArray(json)

/** All that a key's events say of values, null as a value. */
function mentioned(events: readonly EventInput[]): Map<string, Set<Json>> {
  const values = new Map<string, Set<Json>>()
  for (const { key: given, value, type, f } of events) {
    const key = keyOf(given)
    const known = values.get(key) ?? new Set<Json>()
    values.set(key, known)
    if (f === 'read' && type !== 'ok') continue
    for (const each of isPair(value) ? value : [value]) known.add(asValue(each))
  }
  return values
}

/** The history once for each choice of what every key held at the start: a value that is mentioned, or none of those. */
export function* settledHistories(events: readonly EventInput[]): Iterable<History> {
  const keys = [...mentioned(events)]
  let choices: ReadonlyMap<string, Json>[] = [new Map()]
  for (const [key, values] of keys) {
    const starts = ['none of these', ...values]
    choices = choices.flatMap((choice) => starts.map((value) => new Map([...choice, [key, value]])))
  }
  for (const choice of choices) {
    const told = (key: string, json: Json | undefined): Json => {
      const value = asValue(json)
      return value === choice.get(key) ? START : value
    }
    yield smallHistory(
      events.map((event) => {
        const { value, f, type } = event
        const key = keyOf(event.key)
        if (f === 'read' && type !== 'ok') return { ...event, value: null }
        return { ...event, value: isPair(value) ? value.map((each) => told(key, each)) : told(key, value) }
      }),
    )
  }
}

/** Whether some start makes it so. */
export function forSomeStart(events: readonly EventInput[], holds: (history: History) => boolean): boolean {
  for (const history of settledHistories(events)) if (holds(history)) return true
  return false
}

/** The same events, where reads that returned nothing return what was there: often a value that is written later, too. */
export function withStarts(events: readonly EventInput[], random: () => number): EventInput[] {
  const starts = new Map<string, Json>()
  const startOf = (key: string): Json => {
    if (!starts.has(key)) starts.set(key, random() < 0.2 ? null : Math.floor(random() * 5))
    return starts.get(key) ?? null
  }
  return events.map((event) => {
    const { value = null } = event
    const key = keyOf(event.key)
    if (event.f === 'read' && event.type !== 'ok') return event
    if (isPair(value)) return { ...event, value: value.map((each) => each ?? startOf(key)) }
    return value === null && event.f === 'read' ? { ...event, value: startOf(key) } : event
  })
}
