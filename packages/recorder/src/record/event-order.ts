import type { Line, RecordedEvent } from './event-line.ts'
import { Ticks } from './processes.ts'

export interface LineSink {
  /** Takes one event: its line with the newline, and its value. */
  write(line: string, event: RecordedEvent): void
}

/** Called when later events have waited too long for an event. Returns the line to write in its place. */
export type OvertakenLine = () => Line | undefined

/**
 * The order of a history's events, which defines real-time order. An event that has happened but is not yet known keeps
 * its place, and later events wait for it.
 */
export class EventOrder {
  readonly #sink: LineSink
  readonly #maximumWaiting: number
  readonly #ticks: Ticks
  readonly #overtakenLine: OvertakenLine
  #places: Place[] = []
  #first = 0
  #index = 0
  #overtaken = 0

  constructor(
    sink: LineSink,
    maximumWaiting: number,
    ticks: Ticks = new Ticks(),
    overtakenLine: OvertakenLine = () => undefined,
  ) {
    this.#sink = sink
    this.#maximumWaiting = maximumWaiting
    this.#ticks = ticks
    this.#overtakenLine = overtakenLine
  }

  /** Events written. */
  get written(): number {
    return this.#index
  }

  get waiting(): number {
    return this.#places.length - this.#first
  }

  /** Number of events that lost their reserved places in the history, because too many later events were waiting. */
  get overtaken(): number {
    return this.#overtaken
  }

  append(line: Line): void {
    if (this.waiting === 0) this.#write(line)
    else this.fill(this.reserve(), [line])
  }

  /** Reserves the place of an event that happens now. It must be filled or cancelled later. */
  reserve(): Place {
    const place: Place = { lines: NO_LINES, state: 'open', tick: this.#ticks.next() }
    this.#places.push(place)
    if (this.waiting > this.#maximumWaiting) this.#overtake()
    return place
  }

  /** Fills a place with the lines of its events. */
  fill(place: Place, lines: readonly Line[]): void {
    if (place.state === 'overtaken') {
      // If the lines contain an invocation, the invocation is written after events that happened later than it did. The
      // recorded interval of its operation is then too short.
      for (const line of lines) this.append(line)
      return
    }
    place.lines = lines
    place.state = 'known'
    if (place === this.#places[this.#first]) this.#advance()
  }

  cancel(place: Place): void {
    this.fill(place, NO_LINES)
  }

  #advance(): void {
    const places = this.#places
    let first = this.#first
    for (; first < places.length; first++) {
      const place = places[first]
      if (place === undefined || place.state === 'open') break
      for (const line of place.lines) this.#write(line)
    }
    if (first === places.length) {
      places.length = 0
      first = 0
    } else if (first >= COMPACT_AT) {
      places.splice(0, first)
      first = 0
    }
    this.#first = first
  }

  #overtake(): void {
    const oldest = this.#places[this.#first]
    if (oldest === undefined) return
    oldest.state = 'overtaken'
    this.#overtaken++
    const line = this.#overtakenLine()
    if (line !== undefined) this.#write(line)
    this.#first++
    this.#advance()
  }

  #write({ text, event }: Line): void {
    event.index = this.#index++
    this.#sink.write(`{"index":${event.index}${text}`, event)
  }
}

const COMPACT_AT = 1024
const NO_LINES: readonly Line[] = []

export interface Place {
  lines: readonly Line[]
  state: 'open' | 'known' | 'overtaken'
  readonly tick: number
}
