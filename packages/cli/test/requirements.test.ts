import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from './chaos.ts'

const stale = join(root, 'histories', 'stale-read.jsonl')

describe('chaos check --require', () => {
  test('exits with 1 if a bound is exceeded, although no level was expected', async () => {
    const { exitCode, stdout } = await chaosHere(['check', stale, '--require', 'staleness.max < 1ms'])
    expect(stdout).toContain('✘ staleness.max < 1ms: found 2.0 ms')
    expect(exitCode).toBe(1)
  })

  test('exits with 0 if all bounds hold, and tells what was found', async () => {
    const required = ['--require', 'availability >= 99%', '--require', 'lost == 0']
    const { exitCode, stdout } = await chaosHere(['check', stale, ...required, '--json'])
    expect(JSON.parse(stdout).requirements).toEqual([
      { requirement: 'availability >= 99%', met: true, found: '100.00%', value: 1, why: '' },
      { requirement: 'lost == 0', met: true, found: '0', value: 0, why: '' },
    ])
    expect(exitCode).toBe(0)
  })

  test('exits with 2 if nothing can tell, and says why', async () => {
    const { exitCode, stdout } = await chaosHere(['check', stale, '--require', 'p99 during kill < 1s'])
    expect(stdout).toContain('? p99 during kill < 1s: unknown, no operation was called during a kill')
    expect(exitCode).toBe(2)
  })

  test('tells the same to a CI server, and the command that repeats it', async () => {
    const args = ['check', stale, '--require', 'staleness.max < 1ms', '--reporter', 'junit']
    const { stdout } = await chaosHere(args)
    expect(stdout).toContain('staleness.max &lt; 1ms: found 2.0 ms')
    expect(stdout).toContain("--require 'staleness.max &lt; 1ms'")
  })

  test('is refused before anything is read if it cannot be understood', async () => {
    const { exitCode, stderr } = await chaosHere(['check', 'none.jsonl', '--require', 'latency < 200ms'])
    expect(stderr).toContain('--require "latency < 200ms": there is no measure latency.')
    expect(exitCode).toBe(3)
  })
})

describe('chaos run --require', () => {
  const simulated = ['run', '--sim', '--time', '2s', '--rate', '150', '--seed', '3', '--faults', 'partition']

  test('holds a run to bounds besides the level, and keeps them in its run.json', async () => {
    const out = temporaryDirectory()
    const required = ['--require', 'p99 during calm < 1us', '--require', 'lost == 0']
    const { exitCode, stdout } = await chaosHere([...simulated, ...required, '--out', out])
    expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    expect(stdout).toMatch(/✘ p99 during calm < 1us: found [\d.]+ ms/)
    expect(stdout).toMatch(/✔ lost == 0: found 0/)
    expect(stdout).toContain("--require 'p99 during calm < 1us' --require 'lost == 0'")
    expect(exitCode).toBe(1)
    const runJson = join(out, readdirSync(out)[0] ?? '', 'run.json')
    expect(JSON.parse(readFileSync(runJson, 'utf8'))).toMatchObject({
      spec: { require: ['p99 during calm < 1us', 'lost == 0'] },
      requirements: [{ met: false }, { met: true }],
    })
    const again = await chaosHere(['run', '--spec', runJson, '--out', out])
    expect(again.exitCode).toBe(1)
  })

  test('takes bounds from the configuration, where a mistake is one line', async () => {
    const cwd = temporaryDirectory()
    const config = (require: readonly string[]) =>
      writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ target: 'sim:raft', require }))
    config(['operations >= 1', 'p99 < 1us'])
    expect((await chaosHere([...simulated.filter((word) => word !== '--sim')], { cwd })).exitCode).toBe(1)
    config(['operations >= many'])
    const { exitCode, stderr } = await chaosHere(['run'], { cwd })
    expect(stderr).toContain('operations is compared with a whole number, such as 0, not with many.')
    expect(exitCode).toBe(3)
  })
})
