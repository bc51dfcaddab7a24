import type { Operation } from './decode.ts'
import type { Row } from './rows.ts'

/** The run's duration, and the number of rows shown at first. */
interface Opening {
  readonly end: number
  readonly atOpening: number
}

/** The visible part of the timeline, and where times and rows are in the canvas, in CSS pixels. */
export class View {
  readonly top = 20
  readonly left: number
  readonly rowHeight: number
  /** Height of all rows, in CSS pixels. `height`: that of the scrolling window. */
  readonly wholeHeight: number
  readonly height: number
  readonly #rows: readonly Row[]
  readonly #end: number
  readonly #scroller: Element
  #from = 0
  #to: number
  #width = 0

  constructor(rows: readonly Row[], { end, atOpening }: Opening, scroller: Element) {
    const fewest = Math.min(rows.length, 4)
    const open = Math.max(1, fewest, Math.min(rows.length, atOpening || rows.length))
    const longestName = rows.reduce((most, { name }) => Math.max(most, name.length), 2)
    this.left = 14 + 6.5 * longestName
    this.rowHeight = Math.max(15, Math.min(26, Math.floor(340 / open)))
    this.wholeHeight = this.top + this.rowHeight * rows.length + 18
    this.height = Math.min(420, this.wholeHeight, this.top + this.rowHeight * open + 18)
    this.#rows = rows
    this.#end = end
    this.#to = end
    this.#scroller = scroller
  }

  get from(): number {
    return this.#from
  }

  get to(): number {
    return this.#to
  }

  get width(): number {
    return this.#width
  }

  get right(): number {
    return this.#width - 8
  }

  resize(width: number): void {
    this.#width = width
  }

  /** Shows a time span of at least a microsecond within the run. */
  show(from: number, to: number): void {
    const span = Math.min(this.#end, Math.max(1000, to - from))
    this.#from = Math.max(0, Math.min(this.#end - span, from))
    this.#to = this.#from + span
  }

  x(time: number): number {
    return this.left + ((time - this.#from) / (this.#to - this.#from)) * (this.right - this.left)
  }

  timeAt(x: number): number {
    return this.#from + ((x - this.left) / (this.right - this.left)) * (this.#to - this.#from)
  }

  y(row: number): number {
    return this.top + row * this.rowHeight - this.#scroller.scrollTop
  }

  rowAt(y: number): Row | undefined {
    return this.#rows[Math.floor((y - this.top + this.#scroller.scrollTop) / this.rowHeight)]
  }

  scrollTo(row: number): void {
    const y = this.y(row)
    if (y < this.top || y + this.rowHeight > this.height - 18) this.#scroller.scrollTop += y - this.height / 2
  }

  rowsInSight(): (readonly [number, Row])[] {
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / this.rowHeight))
    const most = Math.ceil(this.height / this.rowHeight) + 1
    return this.#rows.slice(first, first + most).map((row, i) => [first + i, row])
  }

  /** Visits the operations of a row in a time span. */
  within({ operations, reached }: Row, from: number, to: number, visit: (operation: Operation) => void): void {
    let low = 0
    let high = operations.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((reached[middle] ?? 0) < from) low = middle + 1
      else high = middle
    }
    for (let i = low; i < operations.length; i++) {
      const operation = operations[i]
      if (operation === undefined || operation.call > to) return
      if (operation.shownEnd >= from) visit(operation)
    }
  }
}
