import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { chaosHere } from '../../../../testing/src/chaos.ts'

const SMALL = ['--sim', '--time', '1s', '--rate', '200', '--clients', '4', '--seed', '3', '--json']

const directory = mkdtempSync(join(tmpdir(), 'chaos-faults-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const written = (schedule: unknown): string => {
  const file = join(directory, 'schedule.json')
  writeFileSync(file, JSON.stringify(schedule))
  return file
}

const run = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await chaosHere(['run', ...SMALL, ...args, '--out', directory])
  return { exitCode, stderr, result: stdout === '' ? undefined : JSON.parse(stdout) }
}

describe('--faults with a file', () => {
  const lossOfReplies = {
    fromMs: 200,
    toMs: 600,
    kind: 'lose-reply',
    links: 'from-clients',
    when: { probability: 0.5 },
  }
  const killed = { id: 'the-kill', fromMs: 300, toMs: 500, kind: 'kill', nodes: 'leader' }

  test('--faults FILE injects the faults in the file, and the run.json of the run repeats the history', async () => {
    const { exitCode, result } = await run('--faults', written([lossOfReplies, killed]))
    expect(exitCode).toBe(0)
    expect(result.faults).toMatchObject([
      { id: 'fault-1', kind: 'lose-reply', hits: expect.toSatisfy((hits: number) => hits > 0) },
      { id: 'the-kill', kind: 'kill', hits: 1 },
    ])
    const history = (path: string) => readFileSync(join(path, 'history.jsonl'), 'utf8').split('\n').slice(1)
    const spec = join(result.run, 'run.json')
    const { stdout } = await chaosHere(['run', '--spec', spec, '--json', '--out', directory])
    expect(history(JSON.parse(stdout).run)).toEqual(history(result.run))
  })

  test.each([
    [[{ ...killed, nodes: 'leadr' }], 'Did you mean leader?'],
    [[{ ...killed, toMs: 1 }], 'ends before it begins'],
    [[{ ...killed, kind: 'kil' }], 'there is no fault "kil"'],
    [[{ ...lossOfReplies, kind: 'slice', when: undefined, averageBytes: 1 }], 'sim:raft cannot suffer fault-1 (slice)'],
    [{}, 'a schedule must be a list of faults'],
  ])('--faults FILE refuses %j in one line, and starts nothing', async (schedule, message) => {
    const { exitCode, stderr, result } = await run('--faults', written(schedule))
    expect({ exitCode, result }).toEqual({ exitCode: 3, result: undefined })
    expect(stderr).toContain(message)
    expect(stderr.trim()).not.toContain('\n')
  })
})

test('chaos targets --faults lists the faults that are impossible for each target, with alternatives', async () => {
  const rows = JSON.parse((await chaosHere(['targets', '--faults', '--json'])).stdout)
  expect(rows).toContainEqual(
    expect.objectContaining({
      target: 'raft',
      fault: 'clock',
      suffers: false,
      not: 'all processes of a machine read the same clock',
      instead: 'pause, or with --sim',
    }),
  )
  expect(rows).toContainEqual(expect.objectContaining({ target: 'sim:raft', fault: 'clock', suffers: true }))
  for (const row of rows) if (!row.suffers) expect(`${row.not} ${row.instead}`).toMatch(/\w .*\w/)
})
