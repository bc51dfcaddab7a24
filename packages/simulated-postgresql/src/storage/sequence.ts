import { SqlError } from '../sql/error.ts'

/** A sequence: it never returns a value twice, even after a rollback. */
export interface Sequence {
  readonly oid: number
  schema: string
  name: string
  typeOid: number
  start: bigint
  increment: bigint
  minimum: bigint
  maximum: bigint
  cycle: boolean
  lastValue: bigint
  isCalled: boolean
  /** The column whose drop also drops the sequence. */
  owner: { readonly table: object; readonly attribute: number } | undefined
}

export function nextValue(sequence: Sequence): bigint {
  const { increment, minimum, maximum } = sequence
  let next = sequence.isCalled ? sequence.lastValue + increment : sequence.lastValue
  if (next > maximum || next < minimum) {
    const end = increment > 0n ? 'maximum' : 'minimum'
    if (!sequence.cycle)
      throw new SqlError(
        '2200H',
        `nextval: reached ${end} value of sequence "${sequence.name}" (${increment > 0n ? maximum : minimum})`,
      )
    next = increment > 0n ? minimum : maximum
  }
  sequence.lastValue = next
  sequence.isCalled = true
  return next
}

export function setValue(sequence: Sequence, value: bigint, isCalled: boolean): void {
  const { minimum, maximum, name } = sequence
  if (value < minimum || value > maximum)
    throw new SqlError(
      '22003',
      `setval: value ${value} is out of bounds for sequence "${name}" (${minimum}..${maximum})`,
    )
  sequence.lastValue = value
  sequence.isCalled = isCalled
}
