import type { Json, Nanos } from '@chaosproxy/history'
import type { Touches } from './call.ts'
import type { Line } from './event-line.ts'
import { eventLine, subjectText, valueText } from './event-line.ts'
import type { LineSink, Place } from './event-order.ts'
import { EventOrder } from './event-order.ts'
import type { Ticks } from './processes.ts'

/** Past so many keys a mark is for all of them. */
const MOST_MARKED_KEYS = 10_000

/** Why the recorder marks its own record. */
export interface Remark {
  /** The request or command. */
  readonly what: string
  readonly why: string
}

export interface ViewOptions {
  readonly sink: LineSink
  readonly maximumWaiting: number
  readonly ticks: Ticks
  readonly now: () => Nanos
}

/** Ends a history of which the rest is lost: nothing is known of any key from there on. */
export const LOST_LINES: string = `${JSON.stringify({
  process: 'recorder',
  type: 'info',
  f: 'touched',
  value: { what: 'the recorder', why: 'the disk failed, and the rest of the record is lost' },
})}\n`

const OVERTAKEN: Remark = {
  what: 'the recorder',
  why: 'a request took so long to arrive that events behind it could not wait for it any longer',
}

/** One history that is being written: what the clients saw, or what the backends answered. */
export class View {
  readonly order: EventOrder
  readonly #ticks: Ticks
  readonly #now: () => Nanos
  /** Where the first mark of each key stands. */
  readonly #touched: Map<string, number> = new Map()
  #everythingTouched = Number.POSITIVE_INFINITY
  readonly #notUnderstood: Set<string | undefined> = new Set()
  /** Keys that were seen to hold nothing, so that something made outside the record would contradict it. */
  readonly #seenAbsent: Set<string> = new Set()
  /** The first creation of which the record does not have the key. */
  #lostCreation: Remark | undefined

  constructor({ sink, maximumWaiting, ticks, now }: ViewOptions) {
    this.#ticks = ticks
    this.#now = now
    // What stands later than it happened is judged too strictly. The mark is for whatever it turns out to be.
    this.order = new EventOrder(sink, maximumWaiting, ticks, () => this.#touchedLines(OVERTAKEN, 'everything', 0)[0])
  }

  /** From now on the keys are changed outside the record. */
  touched(remark: Remark, touches: Touches): void {
    for (const line of this.#touchedLines(remark, touches, this.#ticks.next())) this.order.append(line)
  }

  /** From the place on, which may lie before marks that are written already. */
  touchedFrom(place: Place, remark: Remark, touches: Touches): void {
    this.order.fill(place, this.touchedLines(place, remark, touches))
  }

  /** The same as lines, for a place that has others as well. */
  touchedLines(place: Place, remark: Remark, touches: Touches): readonly Line[] {
    // An overtaken place is filled where the history is by now.
    return this.#touchedLines(remark, touches, place.state === 'overtaken' ? this.#ticks.next() : place.tick)
  }

  /** What a read of the key returned is not known; of any key, where none is given. */
  notUnderstood(remark: Remark, key: string | undefined): void {
    const marked = this.#notUnderstood.size >= MOST_MARKED_KEYS ? undefined : key
    if (this.#notUnderstood.has(undefined) || this.#notUnderstood.has(marked)) return
    this.#notUnderstood.add(marked)
    this.order.append(this.#markLine('not-understood', marked, remark))
  }

  /** The key holds nothing, as a client is about to see or to bring about. */
  seenAbsent(key: string): void {
    if (this.#lostCreation !== undefined) this.touched(this.#lostCreation, { keys: [key] })
    else if (this.#seenAbsent.size <= MOST_MARKED_KEYS) this.#seenAbsent.add(key)
  }

  /**
   * A server may have made a key from this place on, and the record does not say which. A key that nobody ever saw absent
   * can as well have been there from the start, so it is only those that were, and will be, that are touched.
   */
  creationLostLines(place: Place, remark: Remark): readonly Line[] {
    this.#lostCreation ??= remark
    const tooMany = this.#seenAbsent.size > MOST_MARKED_KEYS
    return this.touchedLines(place, remark, tooMany ? 'everything' : { keys: [...this.#seenAbsent] })
  }

  /** An event of the recorder's own. */
  note(f: string, value: Json): void {
    this.order.append(recorderLine(this.#now(), f, undefined, value))
  }

  #touchedLines(remark: Remark, touches: Touches, tick: number): readonly Line[] {
    if (touches === 'nothing' || tick >= this.#everythingTouched) return []
    if (touches === 'everything') {
      this.#everythingTouched = tick
      return [this.#markLine('touched', undefined, remark)]
    }
    const lines: Line[] = []
    for (const key of touches.keys) {
      const before = this.#touched.get(key)
      if (before !== undefined && before <= tick) continue
      if (before === undefined && this.#touched.size >= MOST_MARKED_KEYS) {
        this.#everythingTouched = tick
        return [this.#markLine('touched', undefined, remark)]
      }
      this.#touched.set(key, tick)
      lines.push(this.#markLine('touched', key, remark))
    }
    return lines
  }

  #markLine(f: 'touched' | 'not-understood', key: string | undefined, { what, why }: Remark): Line {
    return recorderLine(this.#now(), f, key, { what, why })
  }
}

const recorderLine = (time: Nanos, f: string, key: string | undefined, value: Json): Line =>
  eventLine(
    { index: 0, time, process: 'recorder', type: 'info', f, key, value },
    `${subjectText(f, key)}${valueText(value)}`,
    '',
  )
