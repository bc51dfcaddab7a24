import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { processesMentioning, until } from '../../processes.ts'

describe('chaos replay', () => {
  test('chaos replay repeats the recorded history to the byte in another process', async () => {
    const file = join(import.meta.dirname, '../../../../simulator/test/recorded/raft.replay')
    const { stdout, exitCode } = await chaosHere(['replay', file, '--times', '3', '--json'])
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
    targetSettings: {},
    nodes: 3,
    seed: 1,
    timeoutMs: 500,
    operations: [{ atMs: 0, client: 0, node: 'n1', f: 'write', key: 'x', value: 1 }],
    faults: [{ fromMs: 1, toMs: 50, kind: 'kill', nodes: ['n2'] }],
  }

  test('chaos replay plays a hand-written file', async () => {
    const { exitCode, stdout } = await chaosHere(['replay', written(JSON.stringify(good))])
    expect(stdout).toContain('NOTHING WENT WRONG')
    expect(stdout).toContain('killed')
    expect(exitCode).toBe(0)
  })

  test('chaos replay checks the level stored in the file, or the level of --expect', async () => {
    const stored = written(JSON.stringify({ ...good, level: 'eventual' }))
    const sentenceOf = async (...args: readonly string[]): Promise<string> =>
      JSON.parse((await chaosHere(['replay', stored, '--json', ...args])).stdout).sentence
    expect(await sentenceOf()).toBe('raft kept its history eventual.')
    expect(await sentenceOf('--expect', 'linearizable')).toBe('raft kept its history linearizable.')
  })

  test.each([
    ['of another version', { ...good, chaos: 9 }, /is of version 9; this program reads versions 1 and 2/],
    [
      'that is held to a level that there is not',
      { ...good, level: 'eventul' },
      /"level" is "eventul". Did you mean "?eventual/,
    ],
    ['of another kind', { events: [] }, /is not a replay file/],
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
  ])('chaos replay refuses a file %s, with the reason and the place', async (_, content, message) => {
    const { exitCode, stderr } = await chaosHere(['replay', written(JSON.stringify(content))])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })

  test('chaos replay reports a file that was cut off', async () => {
    const file = written(JSON.stringify(good).slice(0, 60))
    const { exitCode, stderr } = await chaosHere(['replay', file])
    expect(stderr).toMatch(/is not JSON .* truncated/)
    expect(readFileSync(file, 'utf8')).toHaveLength(60)
    expect(exitCode).toBe(3)
  })

  test('chaos replay on processes refuses faults that need the simulator, before any process starts', async () => {
    const fault = { fromMs: 1, toMs: 50, kind: 'clock', nodes: ['n2'], offsetMs: 5, driftPpm: 0 }
    const file = written(JSON.stringify({ ...good, target: echo(''), faults: [fault] }))
    const { exitCode, stdout, stderr } = await chaosHere(['replay', file, '--real', '--trust'])
    expect(stderr).toMatch(
      /^--real: echo cannot suffer clock when it runs as real processes: .* Leave out --real to replay it in the simulator/m,
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  })

  const jsonOf = async (content: object, ...args: readonly string[]) => {
    const { exitCode, stdout } = await chaosHere(['replay', written(JSON.stringify(content)), '--json', ...args])
    return { exitCode, ...JSON.parse(stdout) }
  }

  test('chaos replay exits with 4 if a fault could not be injected into simulated or real nodes', async () => {
    const duplicate = { fromMs: 0, toMs: 50, kind: 'duplicate', probability: 1, links: ['clients>n1'] }
    for (const args of [[], ['--real']])
      expect(await jsonOf({ ...good, faults: [duplicate] }, ...args)).toMatchObject({
        exitCode: 4,
        found: false,
        trouble: [expect.stringContaining('(duplicate) could not be injected: ')],
      })
  })

  test('chaos replay reports a fault that took no effect, and exits with 2', async () => {
    const brief = { fromMs: 1, toMs: 1, kind: 'partition', mode: 'drop', links: ['n2>n3'] }
    expect(await jsonOf({ ...good, faults: [brief] })).toMatchObject({
      exitCode: 2,
      found: false,
      vacuous: ['no partition took effect'],
    })
  })

  test('chaos replay reports why a history cannot be judged, and exits with 2', async () => {
    const silent = {
      ...good,
      target: echo("if (event.input.f === 'read') return { state, effects: [] }"),
      faults: [],
    }
    const args = ['--times', '2', '--expect', 'eventual', '--trust']
    expect(await jsonOf(silent, ...args)).toMatchObject({
      exitCode: 2,
      times: 2,
      found: false,
      vacuous: [
        expect.stringMatching(/^whether it is eventual is not known: /),
        expect.stringMatching(/^no read succeeded \(\d+ of \d+: no answer within 500 ms[;)]/),
      ],
    })
    const { stdout } = await chaosHere(['replay', written(JSON.stringify(silent)), ...args])
    expect(stdout).toMatch(/^ {2}UNKNOWN WHETHER EVENTUAL$/m)
    expect(stdout).toMatch(/⚠ no read succeeded \([^)]*\) \(2 of 2 times\)/)
    expect(stdout).not.toContain('NOTHING WENT WRONG')
  })

  test('chaos replay exits with 130 on SIGINT, reports "interrupted", and leaves no process or file behind', async () => {
    const late = { ...good, operations: [{ ...good.operations[0], atMs: 60_000 }], faults: [] }
    const file = written(JSON.stringify(late))
    const directory = temporaryDirectory()
    const { child, finished } = startChaos(['replay', file, '--real', '--json'], { env: { TMPDIR: directory } })
    await until(async () => (await processesMentioning(directory)).length >= 3)
    child.kill('SIGINT')
    const { exitCode, stdout } = await finished
    expect(JSON.parse(stdout)).toMatchObject({ times: 0, found: false, interrupted: true })
    expect(exitCode).toBe(130)
    expect(await processesMentioning(directory)).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })
})

/**
 * Writes a protocol for a single node to a file, and returns the file's path. The node answers every request
 * immediately, unless the statements `otherwise` do something else.
 */
function echo(otherwise: string): string {
  const file = join(temporaryDirectory(), 'echo.mjs')
  writeFileSync(
    file,
    `const step = (state, event) => {
  if (event.type !== 'request') return { state, effects: [] }
  ${otherwise}
  return { state, effects: [{ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: null } }] }
}
export default {
  name: 'echo',
  create: () => ({ start: () => ({ state: {}, effects: [] }), step, status: () => ({ role: 'alone', leads: true }) }),
}
`,
  )
  return file
}
