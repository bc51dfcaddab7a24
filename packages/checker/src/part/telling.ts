import { type History, isTransaction, OK } from '@chaosproxy/history'
import { readsIn } from '../transactions/entry.ts'

/** Operations that change nothing, whatever the object. */
const PURE_READS: readonly string[] = ['read', 'get']

export const isPureRead = ({ operations, functions }: History, row: number): boolean =>
  PURE_READS.includes(functions[operations.f[row] ?? 0] ?? '')

/**
 * Tells whether an operation returned anything that could contradict others. Writes of a register return nothing of their
 * own, even where their completion repeats the value.
 */
export function tellingOf(history: History, model: string): (row: number) => boolean {
  const { outcome, input, output, f } = history.operations
  const reads = readsIn(history)
  return (row) => {
    if (outcome[row] !== OK) return false
    const name = history.functions[f[row] ?? 0] ?? ''
    if (isTransaction(name)) return reads(row)
    if (isPureRead(history, row) || name === 'cas') return true
    return model !== 'register' && input[row] !== output[row]
  }
}
