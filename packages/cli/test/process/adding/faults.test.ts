import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

const hitting = (kind: string) =>
  expect.objectContaining({ kind, hits: expect.toSatisfy((hits: number) => hits > 0, 'above 0') })

/** Runs for a second under a named fault, or under the given fault from 200 to 800 ms. */
async function runUnder(faults: string | object, ...more: readonly string[]) {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  if (typeof faults === 'object') writeFileSync(schedule, JSON.stringify([{ fromMs: 200, toMs: 800, ...faults }]))
  const { stdout, stderr, exitCode } = await extended([
    ...['run', '--target', 'raft', '--time', '1s', '--rate', '100', '--seed', '1', '--json', ...more],
    ...['--faults', typeof faults === 'object' ? schedule : faults, '--out', temporaryDirectory()],
  ])
  expect(stderr).toBe('')
  const result = JSON.parse(stdout)
  expect(result.levels.linearizable.result).toBe('met')
  return { exitCode, result }
}

test('chaos targets --faults lists the targets of a user-defined fault, and the nemeses that inject it', async () => {
  const { stdout } = await extended(['targets', '--faults', '--json'])
  const rows = JSON.parse(stdout)
  for (const [fault, ...worlds] of [
    ['hiccup', true, false],
    ['stall-request', true, true],
    ['swallow-message', true, true],
    ['freeze', true, true],
  ])
    for (const [target, suffers] of [
      ['raft', worlds[0]],
      ['sim:raft', worlds[1]],
    ])
      expect(rows).toContainEqual(expect.objectContaining({ target, fault, suffers }))
  const nemeses = ['lose-reply', 'second-replies']
  expect(rows).toContainEqual(expect.objectContaining({ target: 'raft', fault: 'lose-reply', suffers: true, nemeses }))
})

describe('a user-defined fault between real processes', () => {
  test('a user-defined fault takes effect whether a nemesis or a schedule injects it', async () => {
    const fault = { kind: 'hiccup', links: 'from-clients', pauseMs: 5 }
    const [byName, byTime] = await Promise.all([runUnder('hiccups'), runUnder(fault)])
    expect(byName.result.faults).toContainEqual(hitting('hiccup'))
    expect(byTime.result.faults).toContainEqual(hitting('hiccup'))
  })

  test('a user-defined fault delays the reply to each request that the fault saw on the same connection', async () => {
    // The fault lasts long enough for a request and its reply on one connection, even on a busy machine.
    const late = { fromMs: 0, toMs: 3_800, kind: 'late-answers', links: 'with-clients', lateMs: 60 }
    const { result } = await runUnder(late, '--time', '4s')
    expect(result.faults).toContainEqual(hitting('late-answers'))
    expect(result.latency.p99Nanos).toBeGreaterThan(60e6)
  })

  test('user-defined faults of requests and of nodes take effect, and raise the latency', async () => {
    const stall = { kind: 'stall-request', links: 'from-clients', stallMs: 70 }
    const [stalled, frozen] = await Promise.all([runUnder(stall), runUnder({ kind: 'freeze', nodes: 'leader' })])
    expect(stalled.result.faults).toContainEqual(hitting('stall-request'))
    expect(stalled.result.latency.p99Nanos).toBeGreaterThan(70e6)
    expect(frozen.result.faults).toContainEqual(hitting('freeze'))
    expect(frozen.result.latency.p99Nanos).toBeGreaterThan(100e6)
  })
})

describe('a user-defined fault in virtual time', () => {
  test.each([
    ['of requests', { kind: 'stall-request', links: 'from-clients', stallMs: 70 }, 70e6],
    ['of messages', { kind: 'swallow-message', links: 'between-nodes' }, 100e6],
    ['of nodes', { kind: 'freeze', nodes: 'leader' }, 100e6],
  ])('a user-defined fault %s takes effect in virtual time, and raises the latency', async (_, fault, leastNanos) => {
    const { result } = await runUnder(fault, '--sim')
    expect(result.faults).toContainEqual(hitting(fault.kind))
    expect(result.latency.p99Nanos).toBeGreaterThan(leastNanos)
  })

  test('a search with two worker threads accepts a user-defined fault as a nemesis', async () => {
    const args = ['fuzz', '--target', 'raft', '--faults', 'freezes', '--seeds', '20', '--workers', '2', '--json']
    const { stdout, stderr, exitCode } = await extended([...args, '--out', temporaryDirectory()])
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 20 })
  })

  test('a user-defined fault that the simulator does not support is refused, with an alternative', async () => {
    const schedule = join(temporaryDirectory(), 'schedule.json')
    writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hiccup', links: 'from-clients', pauseMs: 1 }]))
    const args = ['run', '--sim', '--faults', schedule, '--time', '1s', '--out', temporaryDirectory()]
    const { stderr, exitCode } = await extended(args)
    expect(stderr).toMatch(/sim:raft cannot suffer .*hiccup.*Instead: /)
    expect(exitCode).toBe(3)
  })
})

test('a user-defined nemesis is suggested for a misspelt name, and injects its fault in a run', async () => {
  const { stderr, exitCode } = await extended(['run', '--faults', 'hicups', '--out', temporaryDirectory()])
  expect(stderr).toContain('Did you mean hiccups?')
  expect(exitCode).toBe(3)
  const { result } = await runUnder('second-replies', '--sim')
  expect(result.faults).toMatchObject([{ kind: 'lose-reply', hits: expect.any(Number) }])
})

test('chaos ctl knows the user-defined faults of the configuration in the current directory', async () => {
  expect((await extended(['ctl', 'kinds'])).stdout).toMatch(/^ *hiccup .*\n *pauseMs/m)
  const words = ['add', 'hiccup', 'n1', 'pause=5']
  const first = await extended(['ctl', '--host', '127.0.0.1:1', ...words])
  expect(first.stderr).not.toContain('There is no fault')
  const { stderr, exitCode } = await extended(['ctl', ...words, '--host', '127.0.0.1:1'])
  expect(first).toEqual({ ...first, stderr, exitCode })
  expect(stderr).toContain('hiccup has no parameter "pause"')
  expect(exitCode).toBe(3)
})

test('messages about a user-defined fault use its declared name and parameters', async () => {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  const typed = ['run', '--faults', schedule, '--time', '1s', '--out', temporaryDirectory()]
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hicup', links: 'from-clients' }]))
  expect((await extended(typed)).stderr).toContain('Did you mean hiccup?')
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hiccup', links: 'from-clients' }]))
  expect((await extended(typed)).stderr).toContain('hiccup needs "pauseMs" of milliseconds: for how long.')
})
