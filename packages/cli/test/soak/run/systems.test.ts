import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemRows } from '../../../../simulator/test/systems/registry.ts'
import { type SystemRow, titleOf } from '../../../../simulator/test/systems/row.ts'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Runs the systems in `systemRows` as real processes. The tests in simulator/test/systems run these systems in virtual
// time with many more seeds. The short soak leaves this test out, because each run is slow.
const short = process.env['CHAOS_SOAK'] === 'short'
/**
 * Faults that only the simulator tests. Processes of one machine share a clock, and nothing restarts a process that
 * ends because of a forged message.
 */
const VIRTUAL_ONLY = ['clock', 'forge', 'forge-signed']
const isRealFault = (fault: string): boolean => !VIRTUAL_ONLY.includes(fault)

/**
 * Returns whether real processes can run the row: it has no faults, or real processes can suffer at least one of its
 * faults.
 */
const isReal = ({ faults }: SystemRow): boolean => faults.length === 0 || faults.some(isRealFault)

const rows = short ? [] : systemRows.filter(isReal).map((row) => ({ ...row, faults: row.faults.filter(isRealFault) }))
const SEEDS = [1, 2, 3]
/**
 * The seeds of additional runs, which are made until each expected violation has occurred. The test fails if one has
 * not occurred after the last of these runs.
 */
const MORE_SEEDS = [4, 5, 6, 7, 8]

/** A run here is four times as long as a run in virtual time. Its aimed faults are stretched by the same factor. */
const TIME = '6s'
const STRETCH = 4

function fileOf(schedule: NonNullable<SystemRow['aimed']>): string {
  const file = join(temporaryDirectory(), 'schedule.json')
  const stretched = schedule.map((fault) => ({
    ...fault,
    fromMs: fault.fromMs * STRETCH,
    toMs: fault.toMs * STRETCH,
  }))
  writeFileSync(file, JSON.stringify(stretched))
  return file
}

async function verdictOf(
  { protocol, targetSettings = {}, workload, settings = {}, nodes, faults, aimed, rate }: SystemRow,
  seed: number,
) {
  const given = (option: string, values: object) =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])
  const turned = [...given('--set', targetSettings), ...given('--workload-set', settings)]
  const chosen = [
    ...(workload === undefined ? [] : ['--workload', workload]),
    ...(rate === undefined ? [] : ['--rate', String(rate)]),
    ...(nodes === undefined ? [] : ['--nodes', String(nodes)]),
    ...['--faults', aimed !== undefined ? fileOf(aimed) : faults.length === 0 ? 'none' : faults.join(',')],
  ]
  const always = ['--time', TIME, '--seed', String(seed), '--expect', 'none', '--out', temporaryDirectory(), '--json']
  const { stdout, stderr } = await chaos(['run', '--target', protocol, ...turned, ...chosen, ...always])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test.each(rows.map((row) => [titleOf(row), row] as const))(
  'the system %s gets its documented verdict on real processes',
  async (_, row) => {
    const { meets, breaks = [], seldom = [], loses = false } = row.earns
    const unbroken = new Set(breaks.filter((level) => !seldom.includes(level)))
    let lost = false
    for (const seed of [...SEEDS, ...MORE_SEEDS]) {
      if (seed > SEEDS.length && unbroken.size === 0 && lost === loses) break
      const verdict = await verdictOf(row, seed)
      const results = Object.fromEntries(meets.map((level) => [level, verdict.levels[level]?.result]))
      expect(results, `seed ${seed}`).toEqual(Object.fromEntries(meets.map((level) => [level, 'met'])))
      for (const level of unbroken) if (verdict.levels[level]?.result === 'violated') unbroken.delete(level)
      lost ||= verdict.lost.length > 0
      if (!loses) expect(verdict.lost, `seed ${seed}`).toEqual([])
    }
    expect([...unbroken]).toEqual([])
    expect(lost).toBe(loses)
  },
)
