import {
  FAIL,
  FLAG_ANSWERED,
  type History,
  INFO,
  type Json,
  NULL,
  readsWhole,
  replacesWhole,
} from '@chaosproxy/history'
import { NEVER, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import {
  BYTES_PER_PLACED_VALUE,
  BYTES_PER_UNKNOWN,
  BYTES_PER_VALUE,
  INITIAL,
  type LongValue,
  LongValues,
  UnknownWrites,
} from './long-values.ts'

// One key whose columns of operations do not fit into memory. Their values must be integers that differ, few
// of which are missing: two numbers for each, its zone, are then all that is kept, and decide it as in zones.ts.

/** What a key shows that is linearizable or not. */
type LongKeyAnswer =
  | {
      readonly result: 'met'
      /** Operations of unknown outcome, and those of them that happened. */
      readonly unknown: number
      readonly happened: number
      /** Position of its first call; undefined if nothing constrains it. */
      readonly firstCall: number | undefined
    }
  /** By the operations on these values alone. */
  | { readonly result: 'violated'; readonly values: readonly LongValue[] }
  | NotJudged

interface NotJudged {
  readonly result: 'out of memory' | 'not applicable'
}

export interface LongKey {
  /**
   * Takes some operations. One that returned before another was called must come before it, unless its outcome is unknown.
   * False if no more are needed.
   *
   * @throws OutOfTime
   */
  take(part: History): boolean
  /** Once all were taken. @throws OutOfTime */
  answer(): LongKeyAnswer
}

/** With fewer values, it may be that nothing is proved. */
const LEAST_WRITTEN = 2

/** Judges one key of at most so many operations, whose initial value is known. */
export const createLongKey = (operations: number, initial: Json, budget: Budget): LongKey =>
  new ByZones(operations, initial, budget)

class ByZones implements LongKey {
  readonly #initial: Json
  readonly #budget: Budget
  readonly #values: LongValues
  readonly #unknown: UnknownWrites
  #initialId: number | undefined
  #unknownOutcomes = 0
  #firstCall = NEVER
  #lastEvent = -1
  #takenBytes = 0
  #ended: NotJudged | undefined

  constructor(operations: number, initial: Json, budget: Budget) {
    this.#initial = initial
    this.#budget = budget
    this.#values = new LongValues(operations)
    this.#unknown = new UnknownWrites(operations)
  }

  take(part: History): boolean {
    this.#initialId ??= idOfInitial(this.#initial, part)
    const { f, flags, length, outcome } = part.operations
    const kinds = part.functions.map((name) => (readsWhole(name) ? READ : replacesWhole(name) ? WRITE : -1))
    let found: NotJudged['result'] | undefined
    for (let row = 0; row < length && found === undefined; row++) {
      const kind = kinds[f[row]]
      const isPlain = kind >= 0 && (flags[row] & ~FLAG_ANSWERED) === 0 && outcome[row] <= INFO
      found = isPlain ? this.#takeRow(part, row, kind) : 'not applicable'
    }
    this.#budget.look(length)
    if (found === undefined && !this.#hasRoom()) found = 'out of memory'
    if (found !== undefined) this.#ended = { result: found }
    return this.#ended === undefined
  }

  answer(): LongKeyAnswer {
    if (this.#ended !== undefined) return this.#ended
    const [values, budget] = [this.#values, this.#budget]
    const { written } = values
    const happened = this.#unknown.settle(values)
    if (happened === 'not applicable' || written < LEAST_WRITTEN) return { result: 'not applicable' }
    if (!budget.take(BYTES_PER_PLACED_VALUE * (values.width + 1))) return { result: 'out of memory' }
    const conflicting = values.conflicting(this.#lastEvent + 1, budget)
    if (conflicting !== undefined) return { result: 'violated', values: conflicting }
    const firstCall = this.#firstCall === NEVER ? undefined : this.#firstCall
    return { result: 'met', unknown: this.#unknownOutcomes, happened, firstCall }
  }

  /** Whether there is memory for all values known now. */
  #hasRoom(): boolean {
    const bytes = BYTES_PER_VALUE * this.#values.width + BYTES_PER_UNKNOWN * this.#unknown.length
    if (!this.#budget.take(bytes - this.#takenBytes)) return false
    this.#takenBytes = bytes
    return true
  }

  #takeRow(part: History, row: number, kind: number): 'not applicable' | undefined {
    const { input, output, outcome, callEvent, returnEvent } = part.operations
    const end = outcome[row]
    if (end === FAIL) return undefined
    if (end === INFO) this.#unknownOutcomes += 1
    if (end === INFO && kind === READ) return undefined
    const id = kind === READ ? output[row] : input[row]
    const place = id === NULL || id === this.#initialId ? INITIAL : this.#values.placeOf(id)
    if (place < 0 || (kind === WRITE && place === INITIAL)) return 'not applicable'
    const call = callEvent[row]
    if (call < this.#firstCall) this.#firstCall = call
    if (end === INFO) {
      this.#unknown.add(place, call)
      return undefined
    }
    const returned = returnEvent[row]
    if (returned > this.#lastEvent) this.#lastEvent = returned
    if (kind === READ) this.#values.see(place)
    else if (!this.#values.write(place, call)) return 'not applicable'
    this.#values.extend(place, call, returned)
    return undefined
  }
}

function idOfInitial(initial: Json, { values }: History): number {
  const id = values.id(initial)
  // Texts have other ids in the next part, and no place.
  return (id & 1) === 1 ? id : NULL
}
