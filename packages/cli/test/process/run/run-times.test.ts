import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const simulated = ['run', '--sim', '--time', '1s', '--rate', '150', '--seed', '1', '--faults', 'none']

describe('chaos run --times', () => {
  test('chaos run --times runs with several seeds, and reports how often the promise was broken', async () => {
    const out = temporaryDirectory()
    const broken = ['--bug', 'stale-read', '--faults', 'isolate-leader', '--time', '2s', '--times', '4']
    const { exitCode, stdout } = await chaosHere([...simulated, ...broken, '--out', out])
    expect(readdirSync(out).filter((name) => name !== 'index.html')).toHaveLength(4)
    for (const seed of [1, 2, 3, 4]) expect(stdout).toMatch(new RegExp(`[✘✔] seed ${seed} +.*linearizable`))
    expect(stdout).toMatch(/BROKEN IN \d OF 4 RUNS/)
    expect(stdout).toMatch(/with 95% confidence, in [\d.]+% to [\d.]+% of such runs/)
    expect(exitCode).toBe(1)
  })

  test('chaos run --times states an upper bound of the violation rate if no run had a violation', async () => {
    const { exitCode, stdout } = await chaosHere([...simulated, '--times', '3', '--out', temporaryDirectory()])
    expect(stdout).toContain('KEPT IN 3 OF 3 RUNS')
    expect(stdout).toContain('with 95% confidence, in 0.0% to 56.1% of such runs')
    expect(exitCode).toBe(0)
  })

  test('chaos run --times prints an object for each run with --json, and a test case for each with junit', async () => {
    const times = [...simulated, '--times', '2', '--out', temporaryDirectory()]
    const { stdout } = await chaosHere([...times, '--json'])
    const seeds = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seed)
    expect(seeds).toEqual([1, 2])
    expect((await chaosHere([...times, '--reporter', 'junit'])).stdout).toMatch(/name="sim:raft, 5 nodes, seed 2"/)
  })

  test.each(['0', '1.5', 'often'])('refuses %s', async (times) => {
    const { exitCode, stderr } = await chaosHere([...simulated, '--times', times])
    expect(stderr).toContain(`--times ${times}: must be a whole number from 1 to 1,000.`)
    expect(exitCode).toBe(3)
  })
})
