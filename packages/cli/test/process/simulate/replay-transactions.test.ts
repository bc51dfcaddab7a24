import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const WORKLOADS = ['txn-list-append', 'txn-rw-register', 'write-skew', 'long-fork']

/** Returns the directory of the only run or search that the command stored. */
async function kept(...args: readonly string[]): Promise<string> {
  const out = temporaryDirectory()
  await chaosHere([...args, '--out', out, '--json'])
  return join(out, readdirSync(out).find((name) => /^\d/.test(name)) ?? '')
}

describe.each(WORKLOADS)('simulated transactions of the workload %s', (workload) => {
  const run = (seed: number) => [
    ...['run', '--target', 'sim:two-phase-commit', '--workload', workload, '--faults', 'kill', '--time', '1s'],
    ...['--seed', `${seed}`],
  ]
  const bytes = (directory: string): string => readFileSync(join(directory, 'history.jsonl'), 'utf8')

  test('simulated transactions have byte-identical histories for one seed, and chaos diff compares two seeds', async () => {
    const [one, again, other] = [await kept(...run(4)), await kept(...run(4)), await kept(...run(5))]
    expect(bytes(again)).toBe(bytes(one))
    expect(bytes(other)).not.toBe(bytes(one))
    const { stdout, exitCode } = await chaosHere(['diff', one, other])
    expect(stdout).toContain('Every level has the same verdict in both.')
    expect(stdout).toMatch(/seed +4 +5/)
    expect(exitCode).toBe(0)
  })

  test('a replay file repeats simulated transactions to the byte, with the isolation level of the search', async () => {
    const search = ['fuzz', '--target', 'two-phase-commit', '--bug', 'presume-commit', '--workload', workload]
    const found = await kept(...search, '--seeds', '20', '--seed', '1', '--shrink', '2s')
    const replay = join(found, 'not-strict-serializable.json')
    const { stdout, exitCode } = await chaosHere(['replay', replay, '--times', '2', '--json'])
    const { digest } = JSON.parse(readFileSync(replay, 'utf8'))
    expect(JSON.parse(stdout)).toMatchObject({ identical: true, failures: 2, digest })
    expect(exitCode).toBe(1)
    const explained = await chaosHere(['explain', join(found, 'not-strict-serializable.jsonl')])
    expect(explained.stdout).toMatch(/Refused by [a-z-]+ and every stronger level\./)
    expect(explained.stdout).not.toContain('What each level allows')
  })
})
