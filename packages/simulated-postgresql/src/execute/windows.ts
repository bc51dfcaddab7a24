import type { Env } from '../expressions/env.ts'
import { NotSupported } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import type { JoinedRow, Run } from './model.ts'
import type { QueryScope } from './scope.ts'

export interface Windows {
  /** Adds the results of window functions to the rows. */
  add(rows: readonly JoinedRow[], run: Run, outer: Env | undefined): readonly JoinedRow[]
}

export function compileWindows(clause: readonly Node[] | undefined, scope: QueryScope): Windows {
  if (clause !== undefined) throw new NotSupported('WINDOW')
  scope.onWindow = () => {
    throw new NotSupported('OVER')
  }
  return { add: (rows) => rows }
}
