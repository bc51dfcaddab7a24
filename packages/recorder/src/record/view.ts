import type { Json, Nanos } from '@chaosproxy/history'
import type { Touches } from './call.ts'
import { eventLine, type Line, subjectText, UNWRITTEN, valueText } from './event-line.ts'
import { EventOrder, type LineSink, type Place } from './event-order.ts'
import type { Ticks } from './processes.ts'

const NEVER = Number.POSITIVE_INFINITY

/**
 * The maximum number of keys that are marked separately, for example as changed outside the record. Beyond this number,
 * one mark without a key is written, which applies to all keys.
 */
const MOST_MARKED_KEYS = 10_000

export interface Remark {
  readonly what: string
  readonly why: string
}

export interface ViewOptions {
  readonly sink: LineSink
  readonly maximumWaiting: number
  readonly ticks: Ticks
  readonly now: () => Nanos
}

/**
 * The last line of a history whose end is lost. The line marks all keys as `touched` (see `Mark`), because later
 * requests are not recorded.
 */
export const LOST_LINES: string = `${JSON.stringify({
  process: 'recorder',
  type: 'info',
  f: 'touched',
  value: { what: 'the recorder', why: 'the disk failed, and the rest of the record is lost' },
})}\n`

const OVERTAKEN: Remark = {
  what: 'the recorder',
  why: 'too many events happened while a request arrived, so they were recorded before it',
}

export class View {
  readonly order: EventOrder
  readonly #ticks: Ticks
  readonly #now: () => Nanos
  readonly #touched: Map<string, number> = new Map()
  #everythingTouched = NEVER
  readonly #notUnderstood: Set<string | undefined> = new Set()
  /**
   * Keys that clients saw absent. If such a key is created outside the record, later reads of the key look like a
   * contradiction.
   */
  readonly #seenAbsent: Set<string> = new Set()
  /** Describes the first creation of a key whose name the record lacks. */
  #lostCreation: Remark | undefined

  constructor({ sink, maximumWaiting, ticks, now }: ViewOptions) {
    this.#ticks = ticks
    this.#now = now
    // This line replaces an event that took too long to arrive. The key of the event is unknown here, so the line marks
    // all keys.
    this.order = new EventOrder(sink, maximumWaiting, ticks, () => this.#touchedLines(OVERTAKEN, 'everything', 0)[0])
  }

  /** Marks keys as changed outside the record. */
  touched(remark: Remark, touches: Touches): void {
    for (const line of this.#touchedLines(remark, touches, this.#ticks.next())) this.order.append(line)
  }

  /**
   * Marks keys as changed by a request that may be refused. If the request is not refused, call `confirmed` with the
   * returned tick.
   */
  supposed(remark: Remark, touches: Touches, mark: number, place?: Place): number {
    const tick = this.#tickOf(place)
    const keys = touches === 'nothing' ? [] : touches === 'everything' ? [undefined] : touches.keys
    const isNew = (key: string | undefined): boolean =>
      tick < this.#everythingTouched && (key === undefined || tick < (this.#touched.get(key) ?? NEVER))
    const lines = keys.filter(isNew).map((key) => this.#markLine('touched', key, remark, mark))
    if (place !== undefined) this.order.fill(place, lines)
    else for (const line of lines) this.order.append(line)
    return tick
  }

  /**
   * Call this if the request may have been executed. From `tick` on, its keys then count as changed outside the record,
   * and are not marked again.
   */
  confirmed(touches: Touches, tick: number): void {
    if (touches === 'everything') this.#everythingTouched = Math.min(this.#everythingTouched, tick)
    if (typeof touches === 'string') return
    for (const key of touches.keys) {
      const before = this.#touched.get(key)
      if (before === undefined && this.#touched.size >= MOST_MARKED_KEYS) continue
      this.#touched.set(key, Math.min(before ?? NEVER, tick))
    }
  }

  /**
   * Returns the tick of lines that are written at `place`. If there is no place, or if the history stopped waiting for
   * the place (`overtaken`), the lines are appended to the history and get the next tick.
   */
  #tickOf(place: Place | undefined): number {
    return place === undefined || place.state === 'overtaken' ? this.#ticks.next() : place.tick
  }

  /** Marks a read as unknown. Without a key, the read may be of any key. */
  notUnderstood(remark: Remark, key: string | undefined): void {
    if (this.#notUnderstood.has(undefined) || this.#notUnderstood.has(key)) return
    const marked = this.#notUnderstood.size >= MOST_MARKED_KEYS ? undefined : key
    this.#notUnderstood.add(marked)
    this.order.append(this.#markLine('not-understood', marked, remark))
  }

  /** Call when a client is about to see the key absent or to remove it. */
  seenAbsent(key: string): void {
    if (this.#lostCreation !== undefined) this.touched(this.#lostCreation, { keys: [key] })
    else if (this.#seenAbsent.size <= MOST_MARKED_KEYS) this.#seenAbsent.add(key)
  }

  /**
   * Call if the server may have created a key at `place` in the history or later, and the record does not contain the
   * key's name. Each key that clients saw absent may be this key. Returns lines that mark all these keys as changed
   * outside the record. Other keys need no marks, because they may have existed from the start.
   */
  creationLostLines(place: Place, remark: Remark): readonly Line[] {
    this.#lostCreation ??= remark
    const tooMany = this.#seenAbsent.size > MOST_MARKED_KEYS
    return this.#touchedLines(remark, tooMany ? 'everything' : { keys: [...this.#seenAbsent] }, this.#tickOf(place))
  }

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

  #markLine(f: 'touched' | 'not-understood', key: string | undefined, { what, why }: Remark, mark?: number): Line {
    return recorderLine(this.#now(), f, key, { what, why }, mark)
  }
}

/**
 * Returns a line of the process `recorder`, which is not a client. `mark` is a number for the mark that the line sets.
 * A later line with this number may end the mark, or withdraw it.
 */
function recorderLine(time: Nanos, f: string, key: string | undefined, value: Json, mark?: number): Line {
  const event = { index: UNWRITTEN, time, process: 'recorder', type: 'info', f, key, value } as const
  const members = `${subjectText(f, key)}${valueText(value)}`
  return mark === undefined ? eventLine(event, members, '') : eventLine({ ...event, mark }, members, `,"mark":${mark}`)
}
