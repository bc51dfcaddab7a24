import { findProtocol, protocols } from '@chaosproxy/protocols'
import { workloads } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { isComplete, showRow } from '../../systems/earned.ts'
import { systemRows } from '../../systems/registry.ts'
import { titleOf } from '../../systems/row.ts'

// Tests every system against the verdict that it must earn. systems.soak.test.ts uses many seeds, and
// cli/test/run/systems.soak.test.ts uses processes.

/** The total number of runs, shared by all rows, so that the time does not grow with the number of rows. */
const RUNS = 60
const LEAST_RUNS = 1
/** Violations must show within this many seeds. */
const MOST_RUNS = 40

const seedsPerRow = Math.max(LEAST_RUNS, Math.floor(RUNS / systemRows.length))

describe('the table of systems', () => {
  test('the table of systems has a row without faults and a row with faults for each protocol', () => {
    for (const { name } of protocols) {
      const rows = systemRows.filter(({ protocol }) => protocol === name)
      expect(
        rows.some(({ faults }) => faults.length === 0),
        `${name}, calm`,
      ).toBe(true)
      expect(
        rows.some(({ faults }) => faults.length > 0),
        `${name}, under faults`,
      ).toBe(true)
    }
  })

  test('the table of systems names existing protocols and workloads', () => {
    for (const { protocol, workload = 'register' } of systemRows) {
      expect(findProtocol(protocol)?.name).toBe(protocol)
      expect(workloads.map(({ name }) => name)).toContain(workload)
    }
  })
})

test.each(systemRows.map((row) => [titleOf(row), row] as const))(
  'the system "%s" earns the verdict that its row in systemRows states',
  (_, row) => {
    const seeds = Array.from({ length: MOST_RUNS }, (_, i) => i + 1)
    const shown = showRow(row, seeds, (so) => so.runs >= seedsPerRow && isComplete(row, so))
    expect(shown.missed).toEqual([])
    expect(shown).toMatchObject({ unbroken: [], loses: row.earns.loses === true })
  },
)
