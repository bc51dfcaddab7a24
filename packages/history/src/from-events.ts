import { HistoryBuilder, type HistoryOptions } from './builder.ts'
import type { EventInput } from './event.ts'
import type { History } from './history.ts'

/** The history of these events, in this order. Index and time may be absent. Lines count from 1. */
export function historyFromEvents(events: Iterable<EventInput>, options: HistoryOptions = {}): History {
  const builder = new HistoryBuilder(options)
  for (const event of events) builder.event(event)
  return builder.build()
}
