import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from './chaos.ts'

const fuzz = (args: readonly string[], out: string) => chaos(['fuzz', '--json', '--out', out, ...args])

describe('chaos fuzz', () => {
  test('finds a mistake, cuts it down, and exits with 1; its replay gives the same history to the byte', async () => {
    const out = temporaryDirectory()
    const { exitCode, stdout } = await fuzz(['--bug', 'stale-read', '--seeds', '400', '--shrink', '5s'], out)
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({ target: 'raft', bug: 'stale-read', level: 'linearizable', found: true })
    const [failure] = found.failures
    expect(failure).toMatchObject({ kind: 'violation', cause: 'not linearizable' })
    expect(failure.shrunk.operations).toBeLessThanOrEqual(12)
    expect(failure.shrunk.faults).toBeLessThanOrEqual(4)
    expect(exitCode).toBe(1)

    const replayed = await chaos(['replay', failure.replay, '--times', '10', '--json'])
    expect(JSON.parse(replayed.stdout)).toMatchObject({ failures: 10, identical: true, digest: failure.digest })
    expect(replayed.exitCode).toBe(1)

    const checked = await chaos(['check', failure.history, '--level', 'linearizable', '--json'])
    expect(JSON.parse(checked.stdout).levels.linearizable.result).toBe('violated')
  })

  test('follows a broken invariant up until a client sees it; the file of either shows just that again', async () => {
    const { stdout } = await fuzz(['--bug', 'forget-vote', '--seeds', '100', '--shrink', '500ms'], temporaryDirectory())
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([
      { kind: 'invariant', cause: 'election safety' },
      { kind: 'violation', cause: 'not linearizable', after: 'election safety' },
    ])
    for (const { replay, kind, digest } of failures) {
      const again = await chaos(['replay', replay, '--json'])
      expect(JSON.parse(again.stdout)).toMatchObject({ kind, digest, identical: true })
    }
  })

  test('finds nothing in Raft as it is, and exits with 0', async () => {
    const { exitCode, stdout } = await fuzz(['--seeds', '200'], temporaryDirectory())
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 200, failures: [] })
    expect(exitCode).toBe(0)
  })

  test('finds the same failure with one thread and with three', async () => {
    const out = temporaryDirectory()
    const seedFound = async (workers: string) => {
      const { stdout } = await fuzz(
        ['--bug', 'no-log-check', '--workers', workers, '--shrink', '100ms', '--no-guide'],
        out,
      )
      return JSON.parse(stdout).failures[0].seed
    }
    expect(await seedFound('1')).toBe(await seedFound('3'))
  })

  test('draws who did what when, and says how to have it again', async () => {
    const out = temporaryDirectory()
    const { stdout } = await chaos(['fuzz', '--bug', 'ack-before-majority', '--no-invariants', '--out', out])
    expect(stdout).toMatch(/^ {2}NOT LINEARIZABLE$/m)
    expect(stdout).toMatch(/^ {2}time +(faults +)?clients +n1 +n2/m)
    expect(stdout).toMatch(/p\d+ write/)
    expect(stdout).toMatch(/again {4}npx chaos replay .*not-linearizable\.json/)
  })

  test('suggests what was meant by a mistake that there is not', async () => {
    const { exitCode, stderr } = await chaos(['fuzz', '--bug', 'stale-reed'])
    expect(stderr).toContain('stale-read')
    expect(exitCode).toBe(3)
  })
})

describe('chaos replay', () => {
  test('gives, in a process of its own, the bytes that were recorded in another', async () => {
    const file = join(import.meta.dirname, '../../simulator/test/recorded/raft.replay')
    const { stdout, exitCode } = await chaos(['replay', file, '--times', '3', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ identical: true, failures: 0 })
    expect(exitCode).toBe(0)
  })

  const written = (text: string): string => {
    const file = join(temporaryDirectory(), 'replay.json')
    writeFileSync(file, text)
    return file
  }
  const good = {
    chaos: 1,
    kind: 'scenario',
    target: 'raft',
    knobs: {},
    nodes: 3,
    seed: 1,
    timeoutMs: 500,
    operations: [{ atMs: 0, client: 0, node: 'n1', f: 'write', key: 'x', value: 1 }],
    faults: [{ fromMs: 1, toMs: 50, kind: 'kill', nodes: ['n2'] }],
  }

  test('plays a file that was written by hand', async () => {
    const { exitCode, stdout } = await chaos(['replay', written(JSON.stringify(good))])
    expect(stdout).toContain('NOTHING WENT WRONG')
    expect(stdout).toContain('killed')
    expect(exitCode).toBe(0)
  })

  test.each([
    ['of another version', { ...good, chaos: 9 }, /is of version 9; this program reads version 1/],
    ['of another kind', { events: [] }, /is no replay file/],
    ['that names a node too many', { ...good, nodes: 1 }, /faults\[0\]: there is no node "n2"/],
    [
      'that asks for what nobody serves',
      { ...good, operations: [{ ...good.operations[0], f: 'wipe' }] },
      /operations\[0\].*"f" is "wipe"/,
    ],
    [
      'with a fault that ends first',
      { ...good, faults: [{ ...good.faults[0], toMs: 0 }] },
      /faults\[0\] ends before it begins/,
    ],
    ['with a misspelt mistake', { ...good, bug: 'stale-reed' }, /stale-read/],
  ])('of a file %s says what is wrong, and where', async (_, content, message) => {
    const { exitCode, stderr } = await chaos(['replay', written(JSON.stringify(content))])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })

  test('of a file that was cut short says so', async () => {
    const file = written(JSON.stringify(good).slice(0, 60))
    const { exitCode, stderr } = await chaos(['replay', file])
    expect(stderr).toMatch(/is not JSON .* cut short/)
    expect(readFileSync(file, 'utf8')).toHaveLength(60)
    expect(exitCode).toBe(3)
  })
})
