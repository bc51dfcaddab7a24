import { type History, type Json, OK, type ValueId, ValueTable } from '@chaosproxy/history'

/** The values that a cas names. */
export type CasValues =
  /** `[old, new]` */
  | { readonly is: 'full'; readonly from: Json; readonly to: Json }
  /**
   * `[new]`: a cas that names only the new value, and whose answer is the old value. Without an answer, the cas counts
   * as a write.
   */
  | { readonly is: 'half'; readonly to: Json }

export function casValuesOf(value: Json | undefined): CasValues | undefined {
  if (!Array.isArray(value)) return undefined
  const [first = null, second = null] = value as readonly Json[]
  if (value.length === 2) return { is: 'full', from: first, to: second }
  return value.length === 1 ? { is: 'half', to: first } : undefined
}

/**
 * Replaces every cas that names only its new value by a cas with both values, or by a write.
 *
 * @returns Undefined if there is no such cas.
 */
export function withCompleteCas(history: History): History | undefined {
  const cas = history.functions.indexOf('cas')
  if (cas < 0) return undefined
  const { values, operations } = history
  const { input } = operations
  const newValueOf = halves(history)
  const { functions, write } = withWrite(history)
  let columns: { readonly f: Uint8Array; readonly input: Int32Array } | undefined
  for (let row = 0; row < operations.length; row++) {
    if (operations.f[row] !== cas) continue
    const put = newValueOf(input[row])
    if (put === undefined) continue
    columns ??= { f: Uint8Array.from(operations.f), input: input.slice() }
    const output = operations.output[row]
    if (
      operations.outcome[row] === OK &&
      output !== input[row] &&
      casValuesOf(values.json(output as ValueId))?.is === 'full'
    ) {
      columns.input[row] = output
    } else {
      columns.f[row] = write
      columns.input[row] = put
    }
  }
  if (columns === undefined) return undefined
  return { ...history, functions, operations: { ...operations, ...columns } }
}

/** Returns the function names of a history, with `write` added if it is missing, and the index of `write`. */
export function withWrite({ functions }: History): { readonly functions: readonly string[]; readonly write: number } {
  const known = functions.indexOf('write')
  return known < 0 ? { functions: [...functions, 'write'], write: functions.length } : { functions, write: known }
}

/** Returns a function from the id of a cas value `[new]` to the id of `new`, or to undefined for other values. */
function halves({ values }: History): (id: number) => number | undefined {
  const known = new Map<number, number | undefined>()
  return (id) => {
    const place = ValueTable.placeOf(id)
    if (known.has(place)) return known.get(place)
    const casValues = casValuesOf(values.json(id as ValueId))
    const half = casValues?.is === 'half' ? (values.id(casValues.to) as number) : undefined
    known.set(place, half)
    return half
  }
}
