import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Programs for every Maelstrom workload in two languages, each in a correct and a faulty variant. CHAOS_SOAK=short runs
// some of them, with one seed.

const programs = join(root, 'packages', 'targets', 'test', 'stdio', 'maelstrom', 'programs')
const short = process.env['CHAOS_SOAK'] === 'short'
const SEEDS = short ? [1] : [1, 2, 3]

const NODE = [
  ['echo', 'echo.mjs'],
  ['unique-ids', 'unique-ids.mjs'],
  ['broadcast', 'broadcast.mjs'],
  ['g-set', 'g-set.mjs'],
  ['g-counter', 'counter.mjs'],
  ['pn-counter', 'counter.mjs'],
  ['lin-kv', 'lin-kv.mjs'],
  ['txn-list-append', 'transactions.mjs'],
  ['txn-rw-register', 'transactions.mjs'],
  ['kafka', 'kafka.mjs'],
] as const

const all = [
  ...NODE.map(([workload, file]) => [workload, `node ./${file}`] as const),
  ...NODE.map(([workload]) => {
    const counts = workload.endsWith('counter') ? ' counter' : ''
    return [workload, `python3 ./leader.py${counts}`] as const
  }),
]
const SOME = ['broadcast by node ./broadcast.mjs', 'lin-kv by python3 ./leader.py']
const chosen = all.filter(([workload, program]) => !short || SOME.includes(`${workload} by ${program}`))

const run = async (program: string, workload: string, seed: number) => {
  const options = ['--time-limit', '5', '--rate', '200', '--seed', String(seed), '--out', temporaryDirectory()]
  const words = ['run', '--target', 'maelstrom', '--bin', program, '-w', workload, ...options]
  return chaos(words, { cwd: programs })
}

describe.each(chosen)('the Maelstrom workload %s with the program %s', (workload, program) => {
  test.each(SEEDS)('chaos run finds no violation in a correct Maelstrom program (seed %i)', async (seed) => {
    const { exitCode, stdout, stderr } = await run(program, workload, seed)
    expect(exitCode, stdout + stderr).toBe(0)
  })

  test.each(SEEDS)('chaos run reports the faulty variant of a Maelstrom program (seed %i)', async (seed) => {
    const { exitCode, stdout, stderr } = await run(`${program} wrong`, workload, seed)
    expect([1, 3], stdout + stderr).toContain(exitCode)
  })
})
