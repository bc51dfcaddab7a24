import type { Env } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { compileSet } from '../expressions/sets.ts'
import { NotSupported } from '../sql/error.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import type { JoinedRow, Run } from './model.ts'
import { evaluating } from './run.ts'
import { envOf, type QueryScope } from './scope.ts'

/** A function of the select list that returns several values for one row. */
export interface SetReturning {
  readonly slot: number
  values(env: Env): readonly SqlValue[]
}

/** Returns a list that is filled with the set-returning functions during compilation. */
export function collectSets(scope: QueryScope): readonly SetReturning[] {
  const sets: SetReturning[] = []
  scope.onSetReturning = (call) => {
    const compiled = compileSet(call, scope)
    const [column] = compiled.columns
    if (column === undefined || !compiled.scalar)
      throw new NotSupported('a function that returns rows, in a select list')
    const slot = scope.width++
    sets.push({ slot, values: (env) => [...compiled.rows(env)].map((row) => row[0] ?? null) })
    return valueAt(column.type, slot)
  }
  return sets
}

/** Returns one row per value. Shorter sets are padded with NULL. */
export function* expandSets(
  sets: readonly SetReturning[],
  rows: readonly JoinedRow[],
  run: Run,
  outer: Env | undefined,
): Coroutine<readonly JoinedRow[]> {
  if (sets.length === 0) return rows
  const expanded: JoinedRow[] = []
  for (const row of rows) {
    const columns = yield* evaluating(() => sets.map((set) => set.values(envOf(row, outer, run))))
    const length = Math.max(...columns.map((column) => column.length))
    for (let at = 0; at < length; at++) {
      const values = row.values.slice()
      for (const [number, set] of sets.entries()) values[set.slot] = columns[number]?.[at] ?? null
      expanded.push({ values, tuples: row.tuples })
    }
  }
  return expanded
}
