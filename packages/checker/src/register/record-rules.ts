import { FAIL, type History, inputOf, type Json, NULL, OK } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { saidInFull } from '../encoding/half-said.ts'
import type { RecordRules } from '../judge/entry.ts'

/**
 * How to read incomplete records of registers: a write overwrites whatever touched the register, and lower levels let
 * reads see later writes.
 */
export const registerRules: RecordRules = {
  mayLackInput: [],
  namesVersions: true,
  mayBeTaken: false,
  inFull: saidInFull,
  seenBefore,
}

/**
 * Whether an operation may write a value that was read before its key was touched, or that it would have to replace.
 */
function seenBefore(history: History, positions: Int32Array, initial: Json): (row: number) => boolean {
  const { operations, functions, values } = history
  const { f, key, output, returnEvent, outcome } = operations
  const kinds = functions.map((name) => (name === 'read' || name === 'get' ? 'read' : name))
  const initialId = values.id(initial)
  const idOf = (value: Json | undefined): number => values.id(value ?? null)
  // Null stands for the initial value.
  const nameOf = (row: number, id: number): string => `${key[row]} ${id === NULL ? initialId : id}`
  const pairOf = (row: number): readonly Json[] => {
    const pair = inputOf(history, row)
    return Array.isArray(pair) ? pair : []
  }
  const seen = new Set<string>()
  // A failed cas may have seen anything but one value.
  const differing = new Set<number>()
  for (let row = 0; row < operations.length; row++) {
    const position = positions[key[row] + 1]
    if (position === NEVER) continue
    const kind = kinds[f[row]]
    if (kind === 'cas' && outcome[row] === FAIL && returnEvent[row] < position) differing.add(key[row])
    if (kind === 'cas') seen.add(nameOf(row, idOf(pairOf(row)[0])))
    else if (kind === 'read' && outcome[row] === OK && returnEvent[row] < position) seen.add(nameOf(row, output[row]))
  }
  return (row) => {
    const kind = kinds[f[row]]
    if (kind === 'read') return false
    if (kind === 'append' || differing.has(key[row])) return true
    const written = kind === 'cas' ? idOf(pairOf(row)[1]) : operations.input[row]
    return functions.includes('append') || seen.has(nameOf(row, written))
  }
}
