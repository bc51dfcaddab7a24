import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

describe('chaos diff', () => {
  test('chaos diff shows which levels were lost, and which figures became worse', async () => {
    const { exitCode, stdout } = await chaosHere(['diff', history('fresh-read'), history('stale-read')])
    expect(stdout).toMatch(
      /fresh-read\.jsonl: Linearizable\..*stale-read\.jsonl: p0's confirmed write was missing at n2 \(not linearizable\)\..*Next: /s,
    )
    expect(stdout).toMatch(/linearizable +met +violated +worse/)
    expect(stdout).toMatch(/operations +5 +6/)
    expect(exitCode).toBe(0)
  })

  test('chaos diff calls a history inconclusive if chaos check does', async () => {
    const writes = join(temporaryDirectory(), 'only-writes.jsonl')
    const lines = ['invoke', 'ok'].map((type) => JSON.stringify({ process: 0, type, f: 'write', key: 'x', value: 1 }))
    writeFileSync(writes, lines.join('\n'))
    const { stdout } = await chaosHere(['diff', writes, history('stale-read')])
    expect(stdout).toMatch(/^ {2}only-writes\.jsonl: Inconclusive\.\n {2}no read succeeded\n/m)
    expect(stdout).toMatch(/^ {2}linearizable +unconfirmed +violated *$/m)
  })

  test('chaos diff marks nothing as better or worse if the histories have different models', async () => {
    const [before, after] = [history('fresh-read'), history('transactions/on-call')]
    const { stdout } = await chaosHere(['diff', before, after, '--json'])
    const { unlike, levels, figures } = JSON.parse(stdout)
    expect(unlike).toMatch(/^The two cannot be compared: the model differs \(before: register, after: [a-z-]+\)\.$/)
    expect([...levels, ...figures].filter(({ change }) => change !== '')).toEqual([])
    expect((await chaosHere(['diff', before, after])).stdout).toMatch(/cannot be\s+compared/)
  })

  test('chaos diff finds no difference between a result and itself', async () => {
    const { stdout } = await chaosHere(['diff', history('stale-read'), history('stale-read'), '--json'])
    const { settings, levels, figures } = JSON.parse(stdout)
    expect({ settings, levels }).toEqual({ settings: [], levels: [] })
    expect(figures.length).toBeGreaterThan(3)
    for (const { before, after, change } of figures) expect([before, change]).toEqual([after, ''])
  })

  test('chaos diff compares two runs that are given by directory, by run.json or by the output of --json', async () => {
    const run = async (seed: string) => {
      const out = temporaryDirectory()
      const args = ['--sim', '--time', '1s', '--rate', '150', '--seed', seed, '--faults', 'partition']
      const { stdout } = await chaosHere(['run', ...args, '--json', '--out', out])
      const printed = join(out, 'result.json')
      writeFileSync(printed, stdout)
      return { directory: join(out, readdirSync(out).find((name) => name.endsWith('raft')) ?? ''), printed }
    }
    const [one, other] = [await run('1'), await run('2')]
    const pairs = [
      [one.directory, other.directory],
      [join(one.directory, 'run.json'), other.printed],
    ] as const
    for (const [before, after] of pairs) {
      const { stdout } = await chaosHere(['diff', before, after])
      expect(stdout).toContain('Every level has the same verdict in both.')
      expect(stdout).toMatch(/seed +1 +2/)
      expect(stdout).toMatch(/availability, partition/)
    }
  })

  test.each([
    [['none', history('stale-read')], 'none: there is no such run, result or history. Check the path.'],
    [[join(root, 'package.json'), history('stale-read')], 'this is not a result of chaos.'],
    [[history('stale-read')], 'two results'],
  ])('chaos diff says what is wrong with %j in one line', async (args, message) => {
    const { exitCode, stderr } = await chaosHere(['diff', ...args])
    expect(stderr).toContain(message)
    expect(exitCode).toBe(3)
  })
})
