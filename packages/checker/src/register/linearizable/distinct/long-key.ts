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

// Decides one key whose operations do not fit into memory. The values must be distinct integers with few gaps. For each
// value only its zone is kept, which decides the key as in zones.ts.

type LongKeyAnswer =
  | {
      readonly result: 'met'
      /** `unknown`: the number of operations of unknown outcome. `happened`: how many of these took effect. */
      readonly unknown: number
      readonly happened: number
      readonly firstCall: number | undefined
    }
  /** The operations on `values` contradict each other by themselves. */
  | { readonly result: 'violated'; readonly values: readonly LongValue[] }
  | NotJudged

interface NotJudged {
  readonly result: 'out of memory' | 'not applicable'
}

export interface LongKey {
  /**
   * Adds the next operations in real-time order. Operations of unknown outcome may be added at any time. Returns false
   * as soon as the verdict needs no further operations.
   *
   * @throws OutOfTime
   */
  take(part: History): boolean
  /** Returns the verdict after all operations are added. @throws OutOfTime */
  answer(): LongKeyAnswer
}

/** The minimum number of written values for a verdict. With fewer, a violation might be impossible to see. */
const LEAST_WRITTEN = 2

/** Creates a judge of one key with at most `operations` operations. */
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
  // Returns NULL for a text. The ids of texts differ between the parts of a history and cannot index the arrays.
  return (id & 1) === 1 ? id : NULL
}
