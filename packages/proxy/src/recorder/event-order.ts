/** Takes lines in the order in which they are to stand. */
export interface LineSink {
  /** One event's line, with its line end. */
  write(line: string): void
}

/**
 * The order of a history's events, which is what real time is judged by. An event whose time has come, but which cannot
 * be described yet (a request whose value is still arriving), keeps its place: what comes after it waits.
 */
export class EventOrder {
  readonly #sink: LineSink
  readonly #maximumWaiting: number
  /** Oldest first. Those before `#first` are written. */
  #places: Place[] = []
  #first = 0
  #index = 0
  #overtaken = 0

  constructor(sink: LineSink, maximumWaiting: number) {
    this.#sink = sink
    this.#maximumWaiting = maximumWaiting
  }

  /** Events written. */
  get written(): number {
    return this.#index
  }

  /** Events that wait for one before them. */
  get waiting(): number {
    return this.#places.length - this.#first
  }

  /** Events that stand later than they happened, since too much waited for them. */
  get overtaken(): number {
    return this.#overtaken
  }

  /** An event that is known: `members` is its line from the comma after the index on. */
  append(members: string): void {
    if (this.waiting === 0) this.#write(members)
    else this.fill(this.reserve(), members)
  }

  /** The place of an event that happens now. It has to be filled or cancelled. */
  reserve(): Place {
    const place: Place = { members: undefined, state: 'open' }
    this.#places.push(place)
    if (this.waiting > this.#maximumWaiting) this.#overtake()
    return place
  }

  fill(place: Place, members: string): void {
    if (place.state === 'overtaken') {
      // Later than it was, but still before its own completion: its interval is recorded shorter at the front.
      this.append(members)
      return
    }
    place.members = members
    place.state = 'known'
    if (place === this.#places[this.#first]) this.#advance()
  }

  cancel(place: Place): void {
    if (place.state === 'overtaken') return
    place.state = 'known'
    if (place === this.#places[this.#first]) this.#advance()
  }

  #advance(): void {
    const places = this.#places
    let first = this.#first
    for (; first < places.length; first++) {
      const place = places[first]
      if (place === undefined || place.state === 'open') break
      if (place.members !== undefined) this.#write(place.members)
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
    this.#first++
    this.#advance()
  }

  #write(members: string): void {
    this.#sink.write(`{"index":${this.#index++}${members}`)
  }
}

const COMPACT_AT = 1024

/** Where an event stands that is not described yet. */
export interface Place {
  members: string | undefined
  state: 'open' | 'known' | 'overtaken'
}
