import { Epoch } from '../event/epoch.ts'
import type { Event, EventInput, Header, Stamps } from '../event/event.ts'
import type { EventSink } from '../event/sink.ts'
import type { Taken } from '../event/taken.ts'
import { nanos } from '../event/units.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { KeyNumbers } from '../tables/key-numbers.ts'
import { isClient } from '../tables/processes.ts'

export interface EventQueueOptions {
  readonly onHeader?: ((header: Header) => void) | undefined
  readonly onWarning?: ((message: string) => void) | undefined
  /** Called after the last event with the members that have non-native names. */
  readonly onTaken?: ((members: readonly Taken[]) => void) | undefined
}

/** An event as in the file, with its index and time. */
export type NumberedEvent = EventInput & Pick<Event, 'index' | 'time'>

export class EventQueue implements EventSink {
  readonly epoch: Epoch = new Epoch()
  readonly #options: EventQueueOptions
  readonly #names = new ByteTable()
  readonly #keys = new KeyNumbers(this.#names)
  #header: Header | undefined
  #events: NumberedEvent[] = []
  #count = 0
  #clientCount = 0

  constructor(options: EventQueueOptions) {
    this.#options = options
  }

  header(header: Header): void {
    this.#header = header
    this.#options.onHeader?.(header)
  }

  warn(message: string): void {
    this.#options.onWarning?.(message)
  }

  /** Writes into the header that time stamps determine the order of the events, and not the order of the lines. */
  stamped(stamps: Stamps): void {
    this.header({ chaos: 1, ...this.#header, stamps })
  }

  taken(members: readonly Taken[]): void {
    this.#options.onTaken?.(members)
  }

  event(event: EventInput): void {
    this.#events.push({
      ...event,
      index: event.index ?? this.#count,
      time: nanos(event.time ?? this.#clientCount),
    })
    this.#count += 1
    if (isClient(event.process)) this.#clientCount += 1
  }

  /** The event with the name of its key, and with null for an absent value. */
  whole(event: NumberedEvent): Event {
    const key = event.key ?? undefined
    return {
      ...event,
      key: key === undefined ? key : this.#names.text(this.#keys.of(key)),
      value: event.value ?? null,
    }
  }

  take(): readonly NumberedEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}
