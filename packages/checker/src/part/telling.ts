import { type History, isTransaction, OK, readsWhole } from '@chaosproxy/history'
import { readsIn } from '../transactions/entry.ts'

/** Whether it changes nothing, whatever the object. */
export const isPureRead = ({ operations, functions }: History, row: number): boolean =>
  readsWhole(functions[operations.f[row] ?? 0] ?? '')

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
