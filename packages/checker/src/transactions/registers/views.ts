import { type EdgeList, WW } from '../graph/edges.ts'
import { INITIAL } from './sources.ts'

/** A read of an initial value after a write of the key was visible: no order explains it. */
export interface TooOld {
  readonly reader: number
  readonly writer: number
}

/** Collects the orders that follow from what readers see: a visible writer of a key comes before the source of a read. */
export class Views {
  readonly #edges: EdgeList
  /** By pair of writer and source: a reader that shows it. */
  readonly readers = new Map<number, number>()
  tooOld: TooOld | undefined

  constructor(edges: EdgeList) {
    this.#edges = edges
  }

  sees(reader: number, writer: number, source: number, key: number): void {
    if (source === INITIAL) {
      this.tooOld ??= { reader, writer }
      return
    }
    const pair = pairOf(writer, source)
    if (writer === source || this.readers.has(pair)) return
    this.readers.set(pair, reader)
    this.#edges.add(writer, source, WW, key)
  }

  readerOf(writer: number, source: number): number | undefined {
    return this.readers.get(pairOf(writer, source))
  }
}

const pairOf = (writer: number, source: number): number => writer * 2 ** 26 + source
