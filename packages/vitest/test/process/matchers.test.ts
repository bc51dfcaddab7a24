import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readHistory } from 'chaosproxy'
import { assertLinearizable, matchers } from 'chaosproxy/matchers'
import { describe, TestRunner, vi } from 'vitest'
import { expect, test } from '../../src/index.ts'

const staleRead = [
  { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
  { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
  { process: 1, type: 'invoke', f: 'read', key: 'x' },
  { process: 1, type: 'ok', f: 'read', key: 'x', value: null },
] as const

const freshRead = [...staleRead.slice(0, 3), { process: 1, type: 'ok', f: 'read', key: 'x', value: 1 }] as const

/** A write of unknown outcome and no read, so that the verdict is unknown. */
const unread = staleRead.slice(0, 2)

const messageOf = (assertion: () => void): string => {
  try {
    assertion()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it passed')
}

describe('a history matcher', () => {
  test('a history matcher passes if the history meets the level, and otherwise fails with a drawing of the contradiction', ({
    task,
  }) => {
    expect(freshRead).toBeLinearizable()
    expect(staleRead).toBeSequentiallyConsistent()
    expect(staleRead).not.toBeLinearizable()
    const annotate = vi.spyOn(task.context, 'annotate').mockResolvedValue({} as never)
    const message = messageOf(() => expect(staleRead).toBeLinearizable())
    expect(message).toMatch(/^p1 did not see p0's confirmed write \(not linearizable\)\nWhy: .*\nNext: .*\n\n/)
    expect(message).toMatch(/Process 1 read null for x/)
    expect(message).toMatch(/└ ok ─+╮/)
    expect(message).toContain('expected linearizable, found sequential; it does meet sequential')
    expect(annotate).toHaveBeenCalledWith(
      expect.stringMatching(/^p1 did not see p0's confirmed write \(not linearizable\)/),
      expect.objectContaining({ contentType: 'text/html', path: expect.stringMatching(/report\.html$/) }),
    )
    annotate.mockRestore()
  })

  test('a history matcher fails, even with .not, if the history is inconclusive', ({ task }) => {
    const annotate = vi.spyOn(task.context, 'annotate').mockResolvedValue({} as never)
    expect(messageOf(() => expect(unread).toBeLinearizable())).toMatch(/^Inconclusive/)
    expect(messageOf(() => expect(unread).not.toBeLinearizable())).toContain('no read succeeded')
    annotate.mockRestore()
  })

  test('a history matcher judges transactions by isolation levels, and draws the anomaly with its remedy', ({
    task,
  }) => {
    const reads = [
      ['r', 'x', []],
      ['r', 'y', []],
    ]
    const skew = ['x', 'y'].map((key, process) => ({ process, f: 'txn', value: [...reads, ['append', key, 1]] }))
    const history = [
      ...skew.map((each) => ({ ...each, type: 'invoke' as const })),
      ...skew.map((each) => ({ ...each, type: 'ok' as const })),
    ]
    expect(history).toSatisfyLevel('snapshot-isolation')
    expect(history).not.toSatisfyLevel('serializable')
    const annotate = vi.spyOn(task.context, 'annotate').mockResolvedValue({} as never)
    const message = messageOf(() => expect(history).toSatisfyLevel('serializable'))
    expect(message).toMatch(
      /^Transactions did not see each other’s changes \(not serializable\)\nWhy: .*\nNext: Lock what is read, or check before the commit/,
    )
    expect(message).toMatch(/T1 did not see what T2 wrote to y \(rw\)/)
    expect(messageOf(() => expect(history).toSatisfyLevel('serialisable'))).toContain('Did you mean serializable?')
    annotate.mockRestore()
  })

  test('a history matcher accepts the name of any level, and suggests a level for an unknown name', () => {
    expect(staleRead).toSatisfyLevel('causal')
    expect(messageOf(() => expect(staleRead).toSatisfyLevel('read-your-write'))).toContain(
      'there is no level read-your-write for the model register. Did you mean read-your-writes?',
    )
  })

  test.each([
    ['history.jsonl', 'a string'],
    [Promise.resolve([]), 'a promise: await it'],
    [undefined, 'undefined'],
    [7, 'a number'],
    [{ history: 1 }, 'another object'],
    [{ levels: {} }, 'the result of check(), which lacks the operations'],
  ])('a history matcher names the accepted values if the received value is %o', (received, word) => {
    expect(messageOf(() => expect(received).toBeLinearizable())).toBe(
      `this is not a history, but ${word}. Give events, or the awaited result of readHistory(file), run() or record().stop().`,
    )
  })

  test('a history matcher judges a file by the model given to readHistory', async ({ onTestFinished }) => {
    const directory = mkdtempSync(join(tmpdir(), 'chaos-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'set.jsonl')
    const events = [
      { process: 0, type: 'invoke', f: 'add', value: 1 },
      { process: 0, type: 'ok', f: 'add', value: 1 },
      { process: 0, type: 'invoke', f: 'read', value: null },
      { process: 0, type: 'ok', f: 'read', value: [1] },
    ]
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    expect(await readHistory(file, { model: 'set' })).toBeLinearizable()
    const history = await readHistory(file)
    expect(messageOf(() => expect(history).toBeLinearizable())).toContain("readHistory(file, { model: 'set' })")
  })

  test('a history matcher fails with the number of a malformed event', () => {
    expect(messageOf(() => expect([{ process: 0 }]).toBeLinearizable())).toMatch(/event 1|events:1|:1/)
  })
})

test('a test whose earlier attempt found a violation fails even if its retry passes', ({ onTestFinished }) => {
  const result = { retryCount: 0 }
  const annotate = vi.fn().mockResolvedValue({})
  // The object that Vitest has for a test is the same at every attempt.
  const current = vi.spyOn(TestRunner, 'getCurrentTest').mockReturnValue({ result, context: { annotate } } as never)
  onTestFinished(() => current.mockRestore())
  expect(freshRead).toBeLinearizable()
  expect(messageOf(() => expect(staleRead).toBeLinearizable())).toMatch(/^p1 did not see/)
  expect(freshRead).toBeLinearizable()
  result.retryCount = 1
  expect(messageOf(() => expect(freshRead).toBeLinearizable())).toMatch(
    /^An earlier attempt of this test saw a violation, and a retry does not hide it\. p1 did not see p0's confirmed write/,
  )
  expect(staleRead).not.toBeLinearizable()
})

test('chaos.run() of the fixture returns a run that matchers can judge', async ({ chaos }) => {
  const draft = { timeMs: 2_000, rate: 150, seed: 1, faults: ['partition'] }
  expect(await chaos.run({ ...draft, target: 'sim:raft' })).toBeLinearizable()
  expect(await chaos.run({ ...draft, target: 'sim:primary-replica' })).not.toBeLinearizable()
})

test('a matcher fails, even with .not, if something went wrong with the faults of a run', async ({ chaos, task }) => {
  const run = await chaos.run({ timeMs: 2_000, rate: 150, seed: 1, faults: ['partition'], target: 'sim:raft' })
  const file = join(run.directory, 'run.json')
  const summary = JSON.parse(readFileSync(file, 'utf8'))
  const trouble = 'fault-2 (kill) could not be injected: no permission'
  writeFileSync(file, JSON.stringify({ ...summary, trouble: [trouble] }))
  const annotate = vi.spyOn(task.context, 'annotate').mockResolvedValue({} as never)
  expect(messageOf(() => expect(run).toBeLinearizable())).toContain(trouble)
  expect(messageOf(() => expect(run).not.toBeLinearizable())).toContain(trouble)
  annotate.mockRestore()
})

describe('a simulated Node service', () => {
  const booking = (BOOKING: string) => ({
    entry: join(import.meta.dirname, '../../../../examples/simulated-booking/server.ts'),
    environment: { BOOKING },
    nodes: 1,
  })
  const settings = { faults: [], clients: 4, workloadSettings: { cas: 0.5, keys: 1 }, shrinkMs: 100 }

  test('a simulated service fails with a drawing of the counterexample, and with the command that replays it', async ({
    task,
  }) => {
    const annotate = vi.spyOn(task.context, 'annotate').mockResolvedValue({} as never)
    const error = await expect(booking('hasty'))
      .toSurviveSimulation({ ...settings, seeds: 64 })
      .catch((e: Error) => e)
    expect((error as Error).message).toMatch(
      /^not linearizable: Process \d[\s\S]+time +clients[\s\S]+npx chaos replay \S+finding\.json --program \S+server\.ts$/,
    )
    expect(annotate).toHaveBeenCalledWith(
      expect.stringMatching(/^not linearizable/),
      expect.objectContaining({ contentType: 'application/json' }),
    )
    annotate.mockRestore()
  })

  test('a simulated service passes if no trial fails', async () => {
    await expect(booking('careful')).toSurviveSimulation({ ...settings, seeds: 8 })
  })

  test('a test that does not await its search of a simulated service fails', async ({ task }) => {
    const finished = vi.spyOn(task.context, 'onTestFinished').mockReturnValue()
    const searched = expect(booking('careful')).toSurviveSimulation({ ...settings, seeds: 1 })
    const [[end]] = finished.mock.calls as [[() => void]]
    finished.mockRestore()
    expect(end).toThrow(
      'the test ended before toSurviveSimulation. Await it: await expect(service).toSurviveSimulation().',
    )
    await searched
    expect(end).not.toThrow()
  })

  test('a search of a simulated service is refused if its faults are not a list', async () => {
    const searched = expect(booking('careful')).toSurviveSimulation({ ...settings, faults: 'none' as never })
    await expect(searched).rejects.toThrow("faults: give a list of names, such as ['kill']")
  })
})

describe('an assertion without Vitest', () => {
  test('an assertion without Vitest throws an AssertionError with a drawing of the contradiction', () => {
    assertLinearizable(freshRead)
    expect(() => assertLinearizable(staleRead)).toThrow(
      expect.objectContaining({ name: 'AssertionError', code: 'ERR_ASSERTION', expected: 'linearizable' }),
    )
    expect(messageOf(() => assertLinearizable(staleRead))).toMatch(/└ ok ─+╮/)
    expect(() => assertLinearizable(unread)).toThrow('Inconclusive')
  })

  test('an assertion can be called as a matcher without a Vitest context', () => {
    expect(matchers.toBeLinearizable.call({}, freshRead).pass).toBe(true)
    const { pass, message } = matchers.toBeLinearizable.call({ isNot: false }, staleRead)
    expect({ pass, message: message() }).toEqual({
      pass: false,
      message: expect.stringContaining('(not linearizable)'),
    })
    expect(matchers.toSatisfyLevel.call({ isNot: true }, unread, 'linearizable').pass).toBe(true)
  })
})
