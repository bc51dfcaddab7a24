import type { Operation } from './decode.ts'
import type { Drawing, Marked } from './drawing.ts'
import type { Filters } from './filters.ts'
import type { View } from './view.ts'
import type { Words } from './words.ts'

interface Options {
  readonly operations: readonly Operation[]
  readonly end: number
  readonly view: View
  readonly drawing: Drawing
  readonly filters: Filters
  readonly words: Words
  readonly marked: Marked
  readonly detail: Element
  readonly found: Element
}

/** What the reader can do on the timeline: look at a part, choose operations, filter them. */
export class Explorer {
  readonly #options: Options
  readonly #listeners: (() => void)[] = []

  constructor(options: Options) {
    this.#options = options
  }

  /** Calls the listener when the view, the chosen operation or the filters change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  #changed(): void {
    this.#options.drawing.redraw()
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  get chosen(): Operation | undefined {
    return this.#options.marked.chosen
  }

  look(from: number, to: number): void {
    this.#options.view.show(from, to)
    this.#options.drawing.move()
    this.#tell()
  }

  lookAtAll(): void {
    this.look(0, this.#options.end)
  }

  /** Multiplies the visible time span by a factor, around a position in the canvas. */
  zoom(factor: number, x: number = this.#options.view.width / 2): void {
    const { view } = this.#options
    const middle = view.timeAt(x)
    this.look(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor)
  }

  /** Moves the view by a share of the visible time span. */
  pan(share: number): void {
    const { from, to } = this.#options.view
    const by = share * (to - from)
    this.look(from + by, to + by)
  }

  choose(operation: Operation): void {
    const { view, marked } = this.#options
    marked.chosen = operation
    this.describe(operation)
    view.scrollTo(operation.lane)
    const half = (view.to - view.from) / 2
    if (operation.call < view.from || operation.call > view.to) view.show(operation.call - half, operation.call + half)
    this.#changed()
  }

  /** Chooses the operation on a line of the history, and shows its surroundings. Returns false if there is none. */
  chooseLine(line: number): boolean {
    const { operations } = this.#options
    const operation = operations.find((one) => one.line === line || one.endLine === line)
    if (operation === undefined) return false
    this.choose(operation)
    return true
  }

  /** Shows the chosen operation, with a margin of its own length. */
  zoomToChosen(): void {
    const { chosen } = this.#options.marked
    if (chosen === undefined) return
    const room = Math.max(chosen.shownEnd - chosen.call, 1000)
    this.look(chosen.call - room, chosen.shownEnd + room)
  }

  /** Highlights the time span to zoom to, or removes the highlight. */
  propose(stretch: readonly [from: number, to: number] | undefined): void {
    this.#options.marked.stretch = stretch
    this.#options.drawing.redraw()
  }

  /** Chooses the next or previous operation that passes the filters. */
  step(by: 1 | -1): void {
    const { operations, filters, view, marked } = this.#options
    const { chosen } = marked
    const among = operations.filter(filters.passes)
    let index = chosen === undefined ? -1 : among.indexOf(chosen)
    if (index < 0) {
      const from = chosen?.call ?? view.from
      index = among.findIndex(({ call }) => call >= from) - (by > 0 ? 1 : 0)
    }
    const next = among[Math.max(0, Math.min(among.length - 1, index + by))]
    if (next !== undefined) this.choose(next)
  }

  /** Returns the operation within 6 pixels of a position. */
  at(x: number, y: number): Operation | undefined {
    const { view, marked } = this.#options
    const row = view.rowAt(y)
    if (row === undefined) return undefined
    let best: Operation | undefined
    let distance = 6
    view.within(row, view.timeAt(x - 6), view.timeAt(x + 6), (operation) => {
      const beside = Math.max(view.x(operation.call) - x, x - view.x(operation.shownEnd), 0)
      const away = beside - (marked.part.has(operation.line) ? 0.5 : 0)
      if (away >= distance) return
      distance = away
      best = operation
    })
    return best
  }

  describe(operation: Operation): void {
    const { words, marked, detail } = this.#options
    const faults = words.faults(operation.call, operation.shownEnd)
    const accused = operation.accused ? 'part of another contradiction' : ''
    detail.textContent = [
      ...words.full(operation),
      faults === '' ? '' : `during ${faults}`,
      marked.red.has(operation.line)
        ? 'the impossible part of the contradiction'
        : marked.part.has(operation.line)
          ? 'part of the contradiction'
          : accused,
    ]
      .filter((text) => text !== '')
      .join(' · ')
  }

  /** Draws and counts the operations that pass the filters. */
  filter(): void {
    const { operations, filters, words, found } = this.#options
    const all = words.number(operations.length)
    found.textContent = filters.active()
      ? `${words.number(operations.filter(filters.passes).length)} of ${all}`
      : `${all} ${operations.length === 1 ? 'operation' : 'operations'}`
    this.#changed()
  }

  /** Marks the operations of one contradiction, by their lines. */
  mark(lines: readonly number[], accused: readonly number[]): readonly Operation[] {
    const { operations, marked, drawing } = this.#options
    marked.part = new Set(lines)
    marked.red = new Set(accused)
    drawing.redraw()
    return operations.filter(({ line }) => marked.part.has(line))
  }
}
