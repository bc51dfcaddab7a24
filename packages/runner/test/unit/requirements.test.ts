import { check, type ModelName } from '@chaosproxy/checker'
import { type History, type Json, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Made,
  made,
  ms,
  report,
  staleRead,
  unknown,
  allMet as verdictsAllMet,
} from '../../../testing/src/timeline.ts'
import { allMet } from '../../src/result/exit-code.ts'
import { judgeRequirements } from '../../src/result/requirements/judge-requirements.ts'
import { type MeasuredRecord, measures } from '../../src/result/requirements/measures.ts'
import type { ProbeAnswer } from '../../src/result/requirements/probe.ts'
import { parseRequirement } from '../../src/result/requirements/requirement.ts'

/** Four reads and four writes that were answered, and two writes during a partition that were never answered. */
const operations: readonly Made[] = [
  ...[0, 1, 2, 3].map((i): Made => ({ p: 0, f: 'read', key: 'x', out: null, from: ms(10 * i), to: ms(10 * i + 1) })),
  ...[4, 5, 6, 7].map((i): Made => ({ p: 0, f: 'write', key: 'x', in: i, from: ms(10 * i), to: ms(10 * i + 5) })),
  { p: 1, f: 'write', key: 'x', in: 8, from: ms(80) },
  { p: 2, f: 'write', key: 'x', in: 9, from: ms(90) },
]

const record: MeasuredRecord = {
  history: made(operations),
  report: verdictsAllMet(),
  faults: [{ kind: 'partition', from: ms(75), to: ms(95) }],
}

const judged = (text: string, of: MeasuredRecord = record) => {
  const [result] = judgeRequirements([parseRequirement(text, '--require')], of)
  if (result === undefined) throw new Error('one requirement, one result')
  return result
}

const checked = (model: ModelName, history: History): MeasuredRecord => ({
  history,
  report: check(history, {
    ...{ model, initial: null, levels: ['linearizable', 'eventual'], failedCas: 'drop' },
    ...{ deadlineMs: millis(5_000), memoryBytes: 1e8, now: () => millis(0) },
  }),
  faults: [],
})

describe('a requirement on a run', () => {
  test.each([
    ['availability >= 80%', true, '80.00%'],
    ['availability > 80%', false, '80.00%'],
    ['availability during calm == 100%', true, '100.00%'],
    ['availability during partition >= 50%', false, '0.00%'],
    ['availability during faults < 1%', true, '0.00%'],
    ['availability of read >= 99.9%', true, '100.00%'],
    ['availability of write during calm >= 99.9%', true, '100.00%'],
    ['p50 of read <= 1ms', true, '1.0 ms'],
    ['p99 < 5ms', false, '5.0 ms'],
    ['p99<=0.005s', true, '5.0 ms'],
    ['operations >= 10', true, '10'],
    ['recovery < 1s', false, 'never'],
    ['lost = 0', true, '0'],
    ['staleness.max == 0ms', true, '0 ns'],
  ] as const)('the requirement "%s" is judged as met: %s, with the measured value %s', (text, met, found) => {
    expect(judged(text)).toMatchObject({ met, found, why: '' })
  })

  test.each([
    ['availability during kill >= 1%', 'no operation was called during a kill'],
    ['availability of cas >= 1%', 'no cas was called'],
    ['p99 during partition < 1s', 'none of the operations was answered without an error'],
    ['p99 of read during healed < 1s', 'no read was called after the last fault'],
    ['convergence < 1s', 'the time at which all nodes agreed after healing was not recorded'],
    ['duplicated == 0', 'not counted for the model register'],
  ] as const)('the requirement %s is unknown if nothing was measured: %s', (text, why) => {
    expect(judged(text)).toMatchObject({ met: 'unknown', found: '', why })
  })

  test.each(['p50 < 1s', 'p99 < 1s', 'recovery < 1s', 'staleness.max < 1s'])(
    'the requirement %s is unknown if the history has no times, or times of an unknown unit',
    (text) => {
      expect(judged(text, { ...record, history: { ...record.history, isUnitGuessed: true } })).toMatchObject({
        ...{ met: 'unknown', why: 'the unit of the times is unknown: name it in the file, as in "start_ms"' },
      })
      const untimed = {
        ...record,
        history: made(operations.map((each, at) => ({ ...each, from: 2 * at, to: 2 * at + 1 }))),
      }
      expect(judged(text, untimed)).toMatchObject({ met: 'unknown', why: 'the history has no times' })
    },
  )

  test('"lost == 0" is unknown without final reads', () => {
    const unread = { ...record, report: report('unknown', { eventual: unknown('no final reads') }) }
    expect(judged('lost == 0', unread)).toMatchObject({ met: 'unknown', why: 'no final reads' })
    expect(judged('lost == 0', { ...record, report: undefined })).toMatchObject({ met: 'unknown' })
  })

  test('"lost == 0" is unknown if an unanswered dequeue may have taken the missing element', () => {
    const missing = { key: 'q', value: 1, count: 1, operation: 4 as never }
    const lists = {
      lost: [missing],
      recovered: [],
      unexpected: [],
      duplicated: [],
      neverRead: [],
      stale: [],
      surelyLost: 1,
    }
    const counts = { attempted: 4, acknowledged: 4, ok: 3, noun: 'message', okAre: 'seen' } as const
    const accounting = { ...lists, ...counts, result: 'violated', reason: '1 lost', excuse: 'taken' } as const
    const excused = { ...record, report: { ...verdictsAllMet(), accounting } }
    expect(judged('lost == 0', excused)).toMatchObject({
      met: 'unknown',
      why: expect.stringContaining('unknown outcome'),
    })
    const lost = { ...record, report: { ...verdictsAllMet(), accounting: { ...accounting, excuse: undefined } } }
    expect(judged('lost == 0', lost)).toMatchObject({ met: false, found: '1' })
  })

  test.each([
    ['a queue was not drained after its last enqueue', 'queue', [['enqueue', 1]], 'drained'],
    [
      'a queue that was not drained hands out an unknown message',
      'queue',
      [
        ['enqueue', 1],
        ['dequeue', 9],
      ],
      'drained',
    ],
    [
      'no read follows the last addition to a set',
      'set',
      [
        ['add', 1],
        ['read', [1]],
        ['add', 2],
      ],
      '1 element',
    ],
    [
      'a counter has no final read',
      'counter',
      [
        ['add', 1],
        ['read', 1],
      ],
      'final read',
    ],
  ] as const)('"lost == 0" is unknown if %s', (_, model, steps, why) => {
    const history = made(
      steps.map(([f, value], i): Made => {
        const said = f === 'enqueue' || f === 'add' ? { in: value } : { out: value as Json }
        return { p: 0, f, ...said, from: ms(2 * i), to: ms(2 * i + 1) }
      }),
    )
    expect(judged('lost == 0', checked(model, history))).toMatchObject({
      met: 'unknown',
      why: expect.stringContaining(why),
    })
  })

  test.each([
    ['is not met if all final reads of a counter lack additions', [0, 1], { met: false, found: '1' }],
    ['is met if one final read of a counter has all additions', [1, 2], { met: true, found: '0' }],
    ['is unknown if all final reads of a counter exceed the additions', [3, 3], { met: 'unknown', found: '0' }],
  ] as const)('"lost == 0" %s', (_, ends, expected) => {
    const history = made([
      ...[0, 1].map((i): Made => ({ p: 0, f: 'add', in: 1, from: ms(2 * i), to: ms(2 * i + 1) })),
      ...ends.map((out, i): Made => ({ p: 1, f: 'read', out, final: true, from: ms(10 + 2 * i), to: ms(11 + 2 * i) })),
    ])
    expect(judged('lost == 0', checked('counter', history))).toMatchObject(expected)
  })

  test.each([-1, 3])('"lost == 0" is met if nobody changed a counter, even if its final read is %s', (out) => {
    const history = made([{ p: 1, f: 'read', out, final: true, from: ms(1), to: ms(2) }])
    expect(judged('lost == 0', checked('counter', history))).toMatchObject({ met: true, found: '0' })
  })

  test('a stale read breaks a requirement on staleness, and unmeasured reads may leave it unknown', () => {
    const { history, report: found } = staleRead()
    const behind = { p50: 0, p99: 2e6, max: 2e6 }
    const reads = { measured: 4, stale: 1, ambiguous: 0, unexplained: 0 }
    const stale = {
      ...found,
      staleness: { reads, staleRows: Int32Array.of(0), behindNanos: behind, k: { atLeast: 2 } },
    }
    expect(judged('staleness.p99 < 2ms', { history, report: stale, faults: [] })).toMatchObject({ met: false })
    const partly = { ...stale, staleness: { ...stale.staleness, reads: { ...reads, ambiguous: 3 } } }
    const unsure = { history, report: partly, faults: [] }
    expect(judged('staleness.max < 5ms', unsure)).toMatchObject({ met: 'unknown', found: '2.0 ms' })
    expect(judged('staleness.max < 1ms', unsure)).toMatchObject({ met: false })
    expect(judged('staleness.max > 1ms', unsure)).toMatchObject({ met: true })
  })

  test.each([
    ['availabilty >= 99%', 'there is no measure availabilty. Did you mean availability?'],
    ['availability >= 0.99', 'must be compared with a share, such as 99.5%, not with 0.99.'],
    ['availability >= 101%', 'must be compared with a share'],
    ['p99 < 200', 'must be compared with a duration, such as 200ms or 1.5s, not with 200.'],
    ['lost == 0%', 'must be compared with a whole number'],
    ['p99 during partion < 1s', 'there is no fault partion. Did you mean partition?'],
    ['lost during partition == 0', 'lost is measured only over the whole run'],
    ['recovery of read < 1s', 'recovery is measured only over the whole run'],
    ['fast', 'write what to measure and its bound'],
    ['', 'write what to measure and its bound'],
  ] as const)('the requirement %s is refused with an explanation', (text, message) => {
    expect(() => parseRequirement(text, '--require')).toThrow(message)
  })

  test('any text is parsed as a requirement or refused with a UserError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseRequirement(text, '--require')
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' })
        }
      }),
    )
  })

  test('a requirement with "<" is met exactly if the same requirement with ">=" is broken', () => {
    const bounds = { share: '50%', duration: '3ms', count: '0' }
    for (const { name, unit } of measures) {
      const [less, more] = [judged(`${name} < ${bounds[unit]}`), judged(`${name} >= ${bounds[unit]}`)]
      expect([name, less.met === 'unknown' ? more.met : !less.met]).toEqual([name, more.met])
    }
  })
})

test('several requirements are met if each is met, broken if one is broken, and otherwise unknown', () => {
  const result = (met: boolean | 'unknown') => ({ requirement: 'x', met, found: '', why: '' })
  expect(allMet([])).toBe(true)
  expect(allMet([result(true), result('unknown')])).toBe('unknown')
  expect(allMet([result('unknown'), result(false)])).toBe(false)
})

test('a requirement that names a level has the verdict on the whole history', () => {
  const stale = staleRead()
  expect(judged('linearizable', { history: stale.history, report: stale.report, faults: [] })).toMatchObject({
    met: false,
    found: expect.stringMatching(/^a violation: process/i),
  })
  expect(judged('linearizable', record)).toMatchObject({ met: true, found: 'linearizable' })
  expect(judged('causal', { ...record, report: report('none', {}) })).toMatchObject({ met: 'unknown' })
})

describe('a requirement on the reply to a probe', () => {
  const asked = (text: string, answer: ProbeAnswer) => judged(text, { ...record, answers: new Map([[text, answer]]) })

  test('a requirement on a probe compares the number in the reply with the bound', () => {
    expect(asked('http://db/health status == 200', { value: 200 })).toMatchObject({
      met: true,
      found: '200',
      value: 200,
    })
    expect(asked('https://db/x json.lag.ms <= 5.5 within 2s', { value: 6 })).toMatchObject({ met: false, found: '6' })
    expect(asked('command "./count.sh" output >= 100', { value: 100 })).toMatchObject({ met: true })
  })

  test('a requirement on a probe is unknown if the probe has no reply, and gives the reason', () => {
    expect(asked('http://db/health status == 200', { why: 'no answer within 10 s' })).toMatchObject({
      met: 'unknown',
      why: 'no answer within 10 s',
    })
    expect(judged('http://db status == 200')).toMatchObject({ met: 'unknown', why: 'the probe was not carried out' })
  })

  test('a requirement on a probe names the address, the member of the reply, and a timeout', () => {
    expect(parseRequirement("command 'redis-cli dbsize' output > 0 within 500ms", '')).toMatchObject({
      kind: 'probe',
      probe: { kind: 'command', command: 'redis-cli dbsize', take: 'output', withinMs: 500 },
      comparison: '>',
      bound: 0,
    })
    expect(parseRequirement('http://{n1}/a?b=c = 200', '')).toMatchObject({
      probe: { kind: 'http', url: 'http://{n1}/a?b=c', take: 'status', withinMs: 10_000 },
      comparison: '==',
    })
    expect(parseRequirement('http://h/json json.a.0.b<7', '')).toMatchObject({
      probe: { take: ['a', '0', 'b'] },
      bound: 7,
    })
  })
})

test.each([
  ['linearizable >= 1', 'a level takes no bound: write only linearizable.'],
  ['linearisable', 'there is no level linearisable. Did you mean linearizable?'],
  ['strict of read', 'there is no level strict.'],
  ['eventual during partition', 'so it takes no "of" or "during": write only eventual.'],
  ['linearizable of read', 'so it takes no "of" or "during": write only linearizable.'],
  ['availability', 'say what availability must be, such as'],
  [
    'http://db/health',
    'write what to ask and the number to compare the answer with, such as "http://127.0.0.1:8080/health status',
  ],
  ['http://db/health status == OK', 'write what to ask and the number'],
  ['http:///health status == 200', 'names no server'],
  ['http://db status == 200 within soon', 'within soon: write a time up to 10m'],
  ['command true exit == 0', `such as "command './count.sh' output >= 100"`],
  ['command "true" code == 0', 'only the exit or the output of a command can be compared, not code'],
])('the requirement "%s" is refused with an explanation of the correct form', (text, message) => {
  expect(() => parseRequirement(text, '--require')).toThrow(message)
})
