import { expect, inject, test } from 'vitest'
import { isComplete, showRow } from '../../systems/earned.ts'
import { systemRows } from '../../systems/registry.ts'
import { titleOf } from '../../systems/row.ts'

const short = process.env['CHAOS_SOAK'] === 'short'
/** The total number of runs in the short form. All rows share these runs, so that more rows do not take more time. */
const RUNS_IN_SHORT = 600
const RUNS = short ? Math.floor(RUNS_IN_SHORT / systemRows.length) : 200
const MOST_RUNS = 400

test.each(systemRows.map((row) => [titleOf(row), row] as const))(
  `the system "%s" earns the verdict that its row in systemRows states, on ${RUNS} seeds`,
  (_, row) => {
    const first = inject('seed')
    const seeds = Array.from({ length: MOST_RUNS }, (_, i) => first + i)
    const shown = showRow(row, seeds, (so) => so.runs >= RUNS && isComplete(row, so))
    expect(shown.missed).toEqual([])
    expect(shown).toMatchObject({ unbroken: [], loses: row.earns.loses === true })
  },
)
