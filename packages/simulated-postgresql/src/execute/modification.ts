import type { TriggerEvent } from '../catalogue/routine.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { JoinedRow, ModificationPlan, Rows, Run, TableFacts } from './model.ts'
import { resultColumns, tidy } from './returning.ts'
import { project } from './select.ts'
import type { Target } from './targets.ts'
import { fireStatement } from './triggers.ts'
import type { Prepare } from './with.ts'

interface Modification<Found> {
  readonly prepare: Prepare
  readonly facts: TableFacts
  /** The kinds of changes, in the order in which their statement triggers fire. */
  readonly kinds: readonly TriggerEvent[]
  readonly returning: readonly Target[] | undefined
  find(run: Run): Coroutine<readonly Found[]>
  /** Applies the modification to one result of `find`. Returns the changed rows. */
  change(found: Found, run: Run): Coroutine<readonly JoinedRow[]>
  /** Whether the modification may update or delete rows, and so leave old row versions. */
  readonly endsVersions: boolean
}

/** Returns how a modification is executed: WITH, the statement triggers around the changes, and RETURNING. */
export const executionOf = <Found>({
  prepare,
  facts,
  kinds,
  returning,
  find,
  change,
  endsVersions,
}: Modification<Found>): Pick<ModificationPlan, 'columns' | 'execute'> => ({
  columns: returning && resultColumns(returning),
  *execute(run) {
    yield* prepare(run, undefined)
    const rows: Rows[number][] = []
    let count = 0
    for (const kind of kinds) yield* fireStatement(facts, 'BEFORE', kind, run)
    for (const found of yield* find(run))
      for (const row of yield* change(found, run)) {
        count++
        if (returning !== undefined) rows.push(yield* project(returning, row, run, undefined))
      }
    if (endsVersions) tidy(facts.table, run)
    for (const kind of kinds.toReversed()) yield* fireStatement(facts, 'AFTER', kind, run)
    return { count, rows }
  },
})
