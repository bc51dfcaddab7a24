import { type History, type Json, UserError, type ValueId } from '@chaosproxy/history'
import { wrongAt } from '../encoding/operation-row.ts'

const ADDING: ReadonlySet<string> = new Set(['counter', 'bank'])

const LARGE_INTEGER = /^-?\d{16,}N$/

/**
 * Rejects numbers that a model cannot add exactly.
 *
 * @throws UserError that names the number, or the sum if the sum is inexact.
 */
export function requireExactNumbers(history: History, model: string): void {
  if (!ADDING.has(model)) return
  const { operations, values } = history
  const known = new Map<number, number>()
  let sum = 0
  for (let row = 0; row < operations.length; row++) {
    for (const id of [operations.input[row], operations.output[row]]) {
      let size = known.get(id)
      if (size === undefined) {
        const value = values.json(id as ValueId)
        const large = largeIn(value)
        if (large !== undefined) throw wrongAt(history, row, `${large} is greater than 2^53, and ${limitOf(model)}`)
        size = sizeOf(value)
        known.set(id, size)
      }
      if (id === operations.input[row]) sum += size
    }
  }
  if (sum > Number.MAX_SAFE_INTEGER)
    throw new UserError(
      'input',
      `${history.source ?? 'this history'}: the amounts add up to ${sum}, and ${limitOf(model)}`,
    )
}

const limitOf = (model: string): string =>
  `the ${model} model is exact only up to 2^53. Record amounts in a larger unit.`

/** Returns the first integer in a value that is too large for an exact double, as text; undefined if there is none. */
function largeIn(value: Json): string | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(BigInt(value)) : undefined
  if (typeof value === 'string') return LARGE_INTEGER.test(value) ? value.slice(0, -1) : undefined
  if (value === null || typeof value === 'boolean') return undefined
  for (const each of Object.values(value)) {
    const found = largeIn(each as Json)
    if (found !== undefined) return found
  }
  return undefined
}

function sizeOf(value: Json): number {
  if (typeof value === 'number') return Number.isInteger(value) ? Math.abs(value) : 0
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 0
  const { amount } = value as { readonly amount?: Json }
  return typeof amount === 'number' && Number.isInteger(amount) ? Math.abs(amount) : 0
}
