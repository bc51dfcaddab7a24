import type { Env } from '../expressions/env.ts'
import { compileWindow, type WindowCall } from '../expressions/windows.ts'
import type { Node } from '../sql/nodes.ts'
import type { JoinedRow, Run } from './model.ts'
import { envOf, type QueryScope } from './scope.ts'

export interface Windows {
  /** Adds the results of window functions to the rows. */
  add(rows: readonly JoinedRow[], run: Run, outer: Env | undefined): readonly JoinedRow[]
}

/** Collects the window functions of a query: each gets a place in the row. */
export function compileWindows(clause: readonly Node[] | undefined, scope: QueryScope): Windows {
  const calls: { readonly call: WindowCall; readonly slot: number }[] = []
  scope.onWindow = (call) => {
    const compiled = compileWindow(call, clause ?? [], scope)
    const slot = scope.width++
    calls.push({ call: compiled, slot })
    return { type: compiled.type, evaluate: (env) => env.row[slot] ?? null }
  }
  return {
    add(rows, run, outer) {
      if (calls.length === 0) return rows
      const extended = rows.map((row) => ({ values: row.values.slice(), tuples: row.tuples }))
      const envs = extended.map((row) => envOf(row, outer, run))
      for (const { call, slot } of calls)
        for (const [at, value] of call.evaluate(envs).entries()) {
          const row = extended[at]
          if (row !== undefined) row.values[slot] = value
        }
      return extended
    },
  }
}
