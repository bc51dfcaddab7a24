import { type History, type Json, OK, type ValueId, ValueTable } from '@chaosproxy/history'

/**
 * A cas may name only its new value, `[new]`, as a command does that returns the old one. If its completion names both,
 * `[old, new]`, it is that cas; otherwise it is a write.
 *
 * @returns Undefined if there is no such cas.
 */
export function saidInFull(history: History): History | undefined {
  const cas = history.functions.indexOf('cas')
  if (cas < 0) return undefined
  const { values, operations } = history
  const { input } = operations
  const newValueOf = halves(history)
  const known = history.functions.indexOf('write')
  const write = known < 0 ? history.functions.length : known
  let said: { readonly f: Uint8Array; readonly input: Int32Array } | undefined
  for (let row = 0; row < operations.length; row++) {
    if (operations.f[row] !== cas) continue
    const put = newValueOf(input[row])
    if (put === undefined) continue
    said ??= { f: Uint8Array.from(operations.f), input: input.slice() }
    const output = operations.output[row]
    if (operations.outcome[row] === OK && output !== input[row] && isPair(values.json(output as ValueId))) {
      said.input[row] = output
    } else {
      said.f[row] = write
      said.input[row] = put
    }
  }
  if (said === undefined) return undefined
  const functions = known < 0 ? [...history.functions, 'write'] : history.functions
  return { ...history, functions, operations: { ...operations, ...said } }
}

const isPair = (value: Json): boolean => Array.isArray(value) && value.length === 2

/** By the id of a cas's value: the id of its only element, if it has just one. Computed once for each. */
function halves({ values }: History): (id: number) => number | undefined {
  const known = new Map<number, number | undefined>()
  return (id) => {
    const place = ValueTable.placeOf(id)
    if (known.has(place)) return known.get(place)
    const value = values.json(id as ValueId)
    const [put] = Array.isArray(value) && value.length === 1 ? (value as readonly Json[]) : []
    const half = put === undefined ? undefined : (values.id(put) as number)
    known.set(place, half)
    return half
  }
}
