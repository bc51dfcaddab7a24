import type { Columns } from '../columns/columns.ts'
import { FLAG_ANSWERED, FLAG_NO_RESULT, FLAG_UNSAID, FLAG_VERSION, OK } from '../columns/history-columns.ts'
import type { EventInput } from '../event/event.ts'
import { type AnswerCounts, answerCounts } from '../event/input.ts'
import { brokenRule } from '../event/rules.ts'
import { mayDecline, returnsValue, takesNothing } from '../operations/meaning.ts'
import type { ByteTable } from '../tables/byte-table.ts'
import { isTransaction } from '../tables/transactions.ts'
import type { ValueId, ValueTable } from '../tables/value.ts'
import type { Tolerated } from './tolerated.ts'

/** Replaces the requested values of operations by the values of their answers, as in Jepsen's histories. */
export class AnsweredValues {
  readonly #columns: Columns
  readonly #functions: ByteTable
  readonly #tolerated: Tolerated
  /**
   * By function: decides whether the value of an answer replaces the requested value. For transactions, it is `always`.
   */
  readonly #counts: (AnswerCounts | 'always' | undefined)[] = []
  /** By row: the original requested value, if the value of the answer replaced it. */
  readonly #requested = new Map<number, number>()
  #hasRevised = false
  /** For each function: whether it reads a value. */
  readonly #areReads: boolean[] = []
  /**
   * For each function: whether the object itself may decline such an operation, as a lock declines an `acquire` while
   * it is held.
   */
  readonly #mayDecline: boolean[] = []

  constructor(columns: Columns, functions: ByteTable, tolerated: Tolerated) {
    this.#columns = columns
    this.#functions = functions
    this.#tolerated = tolerated
  }

  /** Whether the answer to some `put` replaced the requested value. */
  get hasRevised(): boolean {
    return this.#hasRevised
  }

  /** Handles the value in an `ok`. If this is the value that the operation wrote, it becomes the operation's input. */
  answered(row: number, value: number, values: ValueTable, line: number): void {
    const { f: functionOf, flags, input } = this.#columns
    const f = functionOf[row] ?? 0
    while (this.#counts.length <= f) {
      const name = this.#functions.text(this.#counts.length)
      this.#counts.push(isTransaction(name) ? 'always' : answerCounts(name))
    }
    const counts = this.#counts[f]
    if (counts === undefined || ((flags[row] ?? 0) & FLAG_UNSAID) !== 0) return
    const requested = input[row] ?? 0
    if (counts === 'always') {
      if (values.writesDiffer(requested, value)) this.#note(line)
      return
    }
    if (!counts(values.json(requested as ValueId), values.json(value as ValueId))) return
    this.#requested.set(row, requested)
    this.#hasRevised ||= this.#functions.text(f) === 'put'
    input[row] = value
    this.#note(line)
  }

  /** Notes an `ok` without a value. Counts it as an irregularity if the operation is a read. */
  lacksValue(f: number, line: number): void {
    for (let next = this.#areReads.length; next <= f; next++) {
      const name = this.#functions.text(next)
      this.#areReads.push(takesNothing(name) && returnsValue(name))
    }
    if (this.#areReads[f] !== true) return
    this.#tolerated.valueless += 1
    this.#tolerated.valuelessLine ||= line
  }

  /**
   * Handles an operation that failed without a reason. If the object may decline such operations, the operation counts
   * as declined.
   */
  declined(row: number, f: number): void {
    for (let next = this.#mayDecline.length; next <= f; next++)
      this.#mayDecline.push(mayDecline(this.#functions.text(next)))
    const { flags } = this.#columns
    if (this.#mayDecline[f] === true) flags[row] = (flags[row] ?? 0) | FLAG_ANSWERED
  }

  #note(line: number): void {
    this.#tolerated.otherValues += 1
    this.#tolerated.otherValueLine ||= line
  }

  /**
   * Restores the requested values of puts. Needed if objects are watched: the answer to a put is then a revision, and
   * not the written value.
   */
  restore(): void {
    for (const [row, input] of this.#requested) {
      if (this.#functions.text(this.#columns.f[row] ?? 0) !== 'put') continue
      this.#columns.input[row] = input
      this.#requested.delete(row)
      this.#tolerated.otherValues -= 1
    }
  }

  /**
   * Returns the requested values that were replaced by the values of answers: by line of the request, the id of the
   * requested value.
   */
  requested(): ReadonlyMap<number, number> {
    return new Map(Array.from(this.#requested, ([row, input]) => [this.#columns.callLine[row] ?? 0, input]))
  }

  forget(): void {
    this.#requested.clear()
    this.#hasRevised = false
  }
}

/**
 * Returns the flags of an invocation that lacks its value. `"unsaid":"version"` means that the completion contains a
 * version.
 */
export const missingInputFlags = ({ value, extra }: EventInput): number =>
  extra?.['unsaid'] === 'version' ? FLAG_UNSAID | FLAG_VERSION : value === undefined ? FLAG_UNSAID : 0

/** A read without a value but with an unknown member, which may contain the value. */
export interface UnreadAnswer {
  readonly f: string
  readonly member: string
  readonly line: number
}

export function unreadIn({ f, type, value, extra = {} }: EventInput, line: number): UnreadAnswer | undefined {
  if (type !== 'ok' || value !== undefined || !takesNothing(f) || !returnsValue(f)) return undefined
  const member = Object.keys(extra).find((name) => name !== 'requestId')
  return member === undefined ? undefined : { f, member, line }
}

/** @throws UserError if no operation of the function returned a value. */
export function refuseUnread(
  { f, member, line }: UnreadAnswer,
  source: string,
  { length, f: functionOf, outcome, flags }: Columns,
  functions: ByteTable,
): void {
  for (let row = 0; row < length; row++)
    if (outcome[row] === OK && ((flags[row] ?? 0) & FLAG_NO_RESULT) === 0 && functions.text(functionOf[row] ?? 0) === f)
      return
  throw brokenRule(
    source,
    line,
    `no ${f} has a value. Write null as the value of a ${f} that found nothing. If "${member}" is the value: --map output=${member}`,
  )
}

/** If only the `ok` completion contains the version (see FLAG_VERSION), copies the version to the input. */
export function fillInVersions({ length, flags, outcome, input, output }: Columns): void {
  for (let row = 0; row < length; row++)
    if (((flags[row] ?? 0) & FLAG_VERSION) !== 0 && outcome[row] === OK) input[row] = output[row] ?? 0
}
