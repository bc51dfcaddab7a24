import {
  type ColumnDefinition,
  type OkPacket,
  readBinaryRow,
  readColumn,
  readEnd,
  readFirst,
  readTextRow,
  type ServerError,
  STATUS,
  type Value,
} from '@chaosproxy/wire/mysql'

export type Answer =
  | { readonly kind: 'done'; readonly status: number; readonly warnings: number; readonly result: Result }
  | { readonly kind: 'refused'; readonly error: ServerError }
  | { readonly kind: 'local-file' }

/** The first result of a command: a procedure returns several. */
export type Result =
  | { readonly kind: 'count'; readonly ok: OkPacket }
  | {
      readonly kind: 'rows'
      readonly columns: readonly ColumnDefinition[]
      readonly rows: readonly (readonly Value[])[]
    }

/** How many rows of a result are kept: one more than are interpreted, so that a longer result is recognised. */
const MOST_ROWS = 10_001

export class AnswerReader {
  readonly #isBinary: boolean | undefined
  #state: 'first' | 'columns' | 'rows' = 'first'
  #columns: ColumnDefinition[] = []
  #columnsLeft = 0
  #rows: (readonly Value[])[] = []
  #result: Result | undefined
  #warnings = 0

  /** @param isBinary whether the rows are in the binary format of a prepared statement. */
  constructor(isBinary?: boolean) {
    this.#isBinary = isBinary
  }

  /**
   * Reads a packet. Returns the answer once it is complete.
   *
   * @throws MalformedMessage
   */
  read(payload: Buffer): Answer | undefined {
    switch (this.#state) {
      case 'first': {
        const first = readFirst(payload)
        if (first.kind === 'error') return { kind: 'refused', error: first.error }
        if (first.kind === 'local-file') return first
        if (first.kind === 'ok') return this.#ended(first, { kind: 'count', ok: first })
        this.#state = 'columns'
        this.#columns = []
        this.#rows = []
        this.#columnsLeft = first.count
        return undefined
      }
      case 'columns':
        if (this.#columnsLeft > 0) {
          this.#columns.push(readColumn(payload))
          this.#columnsLeft--
        } else this.#state = 'rows'
        return undefined
      case 'rows': {
        const end = readEnd(payload)
        if (end?.kind === 'error') return { kind: 'refused', error: end.error }
        if (end !== undefined) return this.#ended(end, { kind: 'rows', columns: this.#columns, rows: this.#rows })
        if (this.#rows.length < MOST_ROWS) {
          const row = this.#isBinary ? readBinaryRow(payload, this.#columns) : readTextRow(payload, this.#columns)
          // Copied, because the bytes are borrowed.
          this.#rows.push(row.map((value) => (value === null || value === 'unread' ? value : Buffer.from(value))))
        }
        return undefined
      }
    }
  }

  #ended({ status, warnings }: Pick<OkPacket, 'status' | 'warnings'>, result: Result): Answer | undefined {
    this.#result ??= result
    this.#warnings += warnings
    this.#state = 'first'
    if ((status & STATUS.moreResults) !== 0) return undefined
    return { kind: 'done', status, warnings: this.#warnings, result: this.#result }
  }
}
