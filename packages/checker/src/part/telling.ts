import { type History, OK } from '@chaosproxy/history'

/** Operations that change nothing, whatever the object. */
const PURE_READS: readonly string[] = ['read', 'get']

export const isPureRead = ({ operations, functions }: History, row: number): boolean =>
  PURE_READS.includes(functions[operations.f[row] ?? 0] ?? '')

/** Writes of a register return nothing of their own, even where their completion repeats the value. */
export function isTelling(history: History, row: number, model: string): boolean {
  const { outcome, input, output, f } = history.operations
  if (outcome[row] !== OK) return false
  const name = history.functions[f[row] ?? 0] ?? ''
  if (isPureRead(history, row) || name === 'cas') return true
  return model !== 'register' && input[row] !== output[row]
}
