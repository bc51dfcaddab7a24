import type { Json } from '@chaosproxy/history'
import { keyedValues, ok, type ReplicatedObject, unsupported } from './object.ts'

type Cells = Map<string, Json>

/** Values and lists by key: read, write and append to several in one transaction. */
export const transactions: ReplicatedObject<Cells> = {
  name: 'transactions',
  functions: ['txn'],
  reads: [],
  ...keyedValues<Json>(),
  apply(cells, { f, value }) {
    const steps = f === 'txn' ? stepsOf(value) : undefined
    return steps === undefined ? unsupported : ok(carriedOut(steps, cells))
  },
}

/** One step: `["r", "x", null]`, `["w", "x", 1]` or `["append", "y", 1]`. */
export type Step = readonly ['r' | 'w' | 'append', string | number, Json]

/** Returns the steps of a transaction. */
export const stepsOf = (value: Json): readonly Step[] | undefined =>
  Array.isArray(value) && value.every(isStep) ? value : undefined

const isStep = (step: Json): step is Step & Json =>
  Array.isArray(step) &&
  step.length === 3 &&
  (step[0] === 'r' || step[0] === 'w' || step[0] === 'append') &&
  (typeof step[1] === 'string' || typeof step[1] === 'number')

/**
 * Executes steps and changes the cells. Returns the steps with the values read, including values that earlier steps
 * wrote.
 */
export const carriedOut = (steps: readonly Step[], cells: Cells): Json =>
  steps.map(([kind, key, given]): Json => {
    const cell = String(key)
    if (kind === 'r') return [kind, key, cells.get(cell) ?? null]
    cells.set(cell, kind === 'w' ? given : longer(cells.get(cell), given))
    return [kind, key, given]
  })

/** Returns a list with one more element. The old list is not changed, since answers share it. */
export const longer = (list: Json | undefined, element: Json): Json => [...(Array.isArray(list) ? list : []), element]
