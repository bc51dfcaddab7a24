import { brokenRule, EventError, located } from '../event/rules.ts'
import type { ChunkReader, EventSink, Held } from '../event/sink.ts'

const NEWLINE = 10

export interface LineTaker {
  /**
   * @throws EventError or UserError, whose messages lack the place. For a line that is no record, the EventError is an
   * `Unfinished`.
   */
  take(text: string, line: number): void
  end(): void
  readonly held?: Held | undefined
}

/** Thrown for a line that is no record, such as the last line of a killed writer. */
export class Unfinished extends EventError {}

/** The warning about a last line without a line end. In these formats, a cut-off line can look whole: `25` becomes `2`. */
export const perhapsCutOff = (source: string, line: number): string =>
  `${source}:${line}: the last line has no line end. If the file was cut off, leave this line out: its last value may be incomplete.`

/**
 * Passes on the lines from `start`. With `last`, also passes on a last line without a line end. Returns the position of
 * the first byte that was not passed on.
 */
export function readLines(
  bytes: Uint8Array,
  start: number,
  last: boolean,
  take: (line: Uint8Array, isWhole: boolean) => void,
): number {
  let at = start
  while (at < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, at)
    const isWhole = newline >= 0
    if (!isWhole && !last) return at
    const end = isWhole ? newline : bytes.length
    take(bytes.subarray(at, end), isWhole)
    at = end + 1
  }
  return bytes.length
}

/** Reads texts line by line. Used where speed does not matter. */
export class LinesReader implements ChunkReader {
  line = 1
  readonly #source: string
  readonly #sink: EventSink
  readonly #taker: LineTaker
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  #any = false

  constructor({ source, sink }: { readonly source: string; readonly sink: EventSink }, taker: LineTaker) {
    this.#source = source
    this.#sink = sink
    this.#taker = taker
  }

  get held(): Held | undefined {
    return this.#taker.held
  }

  read(bytes: Uint8Array, start: number, end: number, last: boolean): number {
    const at = readLines(bytes.subarray(0, end), start, last, (line, isWhole) => {
      this.#take(line, isWhole)
      this.line += 1
    })
    if (last) this.#taker.end()
    return at
  }

  #take(bytes: Uint8Array, isWhole: boolean): void {
    try {
      const text = this.#decoder.decode(bytes).replace(/\r$/, '')
      if (text.trim() === '') return
      this.#taker.take(text, this.line)
      if (!isWhole && this.#any) this.#sink.warn(perhapsCutOff(this.#source, this.line))
      this.#any = true
    } catch (error) {
      if (error instanceof Unfinished && !isWhole && this.#any) {
        this.#sink.warn(`${this.#source}:${this.line}: the last line is cut off and is left out.`)
        return
      }
      if (error instanceof TypeError)
        throw brokenRule(this.#source, this.line, 'this line is not UTF-8 text. Histories are written in UTF-8.')
      throw located(error, this.#source, this.line)
    }
  }
}
