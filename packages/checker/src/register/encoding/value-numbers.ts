import { int32Array } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, NOTHING, READ, WRITE } from '../../encoding/encoded.ts'
import { type Budget, STEPS_BETWEEN_LOOKS } from '../../limits/budget.ts'

/**
 * Columns of value ids. For a cas, `expects` holds the old value, and `writes` the new value. For any other operation,
 * both hold the same id.
 */
export type IdColumns = Pick<Encoded, 'kind' | 'expects' | 'writes' | 'hasConditional'>

/**
 * Replaces value ids by dense numbers, in place; the initial value becomes 0. A column that an operation does not use
 * becomes NOTHING. Returns the id of each number.
 *
 * @throws OutOfTime
 */
export function numberValues(columns: IdColumns, initial: number, budget: Budget): Int32Array {
  const { expects, writes, hasConditional } = columns
  const { length } = expects
  const span: Span = { least: LARGEST, greatest: SMALLEST, parities: 0 }
  widen(span, expects, initial)
  if (hasConditional) widen(span, writes, initial)
  if (length > STEPS_BETWEEN_LOOKS) budget.look(length)
  const { parities } = span
  if (parities === 0) span.least = span.greatest = 0
  // Ids of integers are odd, ids of texts even.
  const shift = parities === 3 ? 0 : 1
  const least = 2 * span.least + (parities === 2 ? 1 : 0)
  const range = shift === 1 ? span.greatest - span.least + 2 : 2 * (span.greatest - span.least) + 3
  if (range <= 2 * length + 64) return numberByRange(columns, initial, { least, shift, range })
  return numberByAppearance(columns, initial, budget)
}

/**
 * A range of ids. `least` and `greatest` are ids shifted right by one bit, so that their difference fits into 32 bits.
 * In `parities`, bit 0 is set if some id is even, and bit 1 if some id is odd.
 */
interface Span {
  least: number
  greatest: number
  parities: number
}

const SMALLEST = -(2 ** 30)
const LARGEST = 2 ** 30 - 1

/**
 * Widens a span so that it contains the ids of a column, except `initial`. Does not branch on whether an id is a new
 * least or greatest id, because such a branch would often be mispredicted.
 */
function widen(span: Span, ids: Int32Array, initial: number): void {
  const { length } = ids
  let { least, greatest, parities } = span
  for (let i = 0; i < length; i++) {
    const id = ids[i]
    if (id === initial) continue
    const half = id >> 1
    const below = half - least
    least += below & (below >> 31)
    const above = half - greatest
    greatest += above & ~(above >> 31)
    parities |= 1 << (id & 1)
  }
  span.least = least
  span.greatest = greatest
  span.parities = parities
}

// By kind: NOTHING (all bits 1) if operations of this kind observe nothing; otherwise 0.
const observesNothing = new Int32Array(5)
const writesNothing = new Int32Array(5)
observesNothing[WRITE] = NOTHING
observesNothing[APPEND] = NOTHING
writesNothing[READ] = NOTHING
writesNothing[DIFFERS] = NOTHING

/**
 * Numbers the ids by subtracting the least id. Suits columns in which most ids between the least and the greatest
 * occur.
 */
function numberByRange(
  { kind, expects, writes, hasConditional }: IdColumns,
  initial: number,
  { least, shift, range }: { readonly least: number; readonly shift: number; readonly range: number },
): Int32Array {
  const { length } = expects
  for (let i = 0; i < length; i++) {
    const number = expects[i] === initial ? 0 : ((expects[i] - least) >> shift) + 1
    const other = !hasConditional ? number : writes[i] === initial ? 0 : ((writes[i] - least) >> shift) + 1
    expects[i] = number | observesNothing[kind[i]]
    writes[i] = other | writesNothing[kind[i]]
  }
  const ids = int32Array(range)
  ids[0] = initial
  for (let n = 1; n < range; n++) ids[n] = least + ((n - 1) << shift)
  return ids
}

function numberByAppearance({ kind, expects, writes }: IdColumns, initial: number, budget: Budget): Int32Array {
  const ids = [initial]
  const numbers = new Map<number, number>([[initial, 0]])
  const numberOf = (id: number): number => {
    const known = numbers.get(id)
    if (known !== undefined) return known
    numbers.set(id, ids.length)
    return ids.push(id) - 1
  }
  for (let i = 0; i < expects.length; i++) {
    budget.tick()
    const number = numberOf(expects[i])
    const other = kind[i] === CAS ? numberOf(writes[i]) : number
    expects[i] = number | observesNothing[kind[i]]
    writes[i] = other | writesNothing[kind[i]]
  }
  return Int32Array.from(ids)
}
