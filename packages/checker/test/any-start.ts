import type { EventInput, History, Json } from '@chaosproxy/history'
import { smallHistory } from '../../testing/src/small-history.ts'

// Defines the levels of histories with unknown initial values. A history meets a level if there is one initial value
// per key with which the history meets the level. Shares no code with the checker.

/** A placeholder for the initial value that is assumed for a key. The definitions use it as the initial value. */
export const START = 'what was there'

/**
 * Replaces the value null in the events. Null is an ordinary value here, but the definitions take it for the initial
 * value.
 */
const NOTHING = 'null'

const asValue = (json: Json | undefined): Json => (json === null || json === undefined ? NOTHING : json)

const keyOf = (key: EventInput['key']): string => (typeof key === 'string' ? key : '')

const isPair = (json: Json | undefined): json is readonly [Json, Json] => Array.isArray(json)

/** Returns the values that the events mention, by key. Null counts as a value. */
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

/**
 * Yields the history once for each choice of initial values. The initial value of a key is a value that its events
 * mention, or a value that they do not mention.
 */
export function* settledHistories(events: readonly EventInput[]): Iterable<History> {
  const keys = [...mentioned(events)]
  let choices: ReadonlyMap<string, Json>[] = [new Map()]
  for (const [key, values] of keys) {
    const starts = ['none of these', ...values]
    choices = choices.flatMap((choice) => starts.map((value) => new Map([...choice, [key, value]])))
  }
  for (const choice of choices) {
    const settledValue = (key: string, json: Json | undefined): Json => {
      const value = asValue(json)
      return value === choice.get(key) ? START : value
    }
    yield smallHistory(
      events.map((event) => {
        const { value, f, type } = event
        const key = keyOf(event.key)
        if (f === 'read' && type !== 'ok') return { ...event, value: null }
        return {
          ...event,
          value: isPair(value) ? value.map((each) => settledValue(key, each)) : settledValue(key, value),
        }
      }),
    )
  }
}

/** Reports whether `holds` returns true for some choice of initial values. */
export function forSomeStart(events: readonly EventInput[], holds: (history: History) => boolean): boolean {
  for (const history of settledHistories(events)) if (holds(history)) return true
  return false
}

/**
 * Returns the same events with random initial values. A read that returned nothing returns the initial value of its
 * key. Often this value is also written later.
 */
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
