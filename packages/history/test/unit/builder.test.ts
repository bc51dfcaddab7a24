import { type EventInput, FAIL, historyFromEvents, INFO, inputOf, OK, outputOf, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { parseJsonLine } from '../../src/codecs/jsonl.ts'

const call = (
  process: number,
  f: string,
  value: EventInput['value'] = null,
  more: Partial<EventInput> = {},
): EventInput => ({
  process,
  type: 'invoke',
  f,
  value,
  ...more,
})
const end = (
  process: number,
  type: 'ok' | 'fail' | 'info',
  f: string,
  value: EventInput['value'],
  more: Partial<EventInput> = {},
): EventInput => ({ process, type, f, value, ...more })

const refusal = (events: readonly EventInput[]): string => {
  try {
    historyFromEvents(events, { source: 'h.jsonl' })
  } catch (error) {
    if (error instanceof UserError && error.code === 'input') return error.message
    throw error
  }
  return 'accepted'
}

describe('the pairing of events', () => {
  test('an invocation and its completion make one operation, with the positions of its events', () => {
    const history = historyFromEvents([
      call(3, 'write', 7, { key: 'x', time: 10, node: 'n1' }),
      { process: 'nemesis', type: 'info', f: 'partition', value: { links: ['n1>n2'] }, time: 11 },
      call(8, 'read', null, { key: 'y', time: 12 }),
      end(3, 'ok', 'write', 7, { time: 20, node: 'n2' }),
      end(8, 'ok', 'read', [1, 'a'], { time: 21 }),
    ])
    const { operations } = history
    expect(operations.length).toBe(2)
    expect(Array.from(operations.callEvent)).toEqual([0, 1])
    expect(Array.from(operations.returnEvent)).toEqual([2, 3])
    expect(Array.from(operations.callLine)).toEqual([1, 3])
    expect(Array.from(operations.returnLine)).toEqual([4, 5])
    expect(Array.from(operations.callTime)).toEqual([10, 12])
    expect(Array.from(operations.returnTime)).toEqual([20, 21])
    expect(Array.from(operations.process, history.processName)).toEqual(['3', '8'])
    expect(Array.from(operations.key, (key) => history.keys[key])).toEqual(['x', 'y'])
    expect(Array.from(operations.node, (node) => history.nodes[node])).toEqual(['n2', undefined])
    expect(inputOf(history, 0)).toBe(7)
    expect(outputOf(history, 1)).toEqual([1, 'a'])
    expect(history.nemesis).toEqual([
      { index: 1, time: 11, process: 'nemesis', type: 'info', f: 'partition', value: { links: ['n1>n2'] } },
    ])
    expect(history.eventCount).toBe(5)
    expect(history.processCount).toBe(2)
    expect(history.warnings).toEqual([])
  })

  test('an operation without a completion has the outcome info, no return time, and its input as its output', () => {
    const history = historyFromEvents([call(0, 'write', 'a')])
    expect(history.operations.outcome[0]).toBe(INFO)
    expect(history.operations.returnEvent[0]).toBe(-1)
    expect(history.operations.returnTime[0]).toBe(Number.POSITIVE_INFINITY)
    expect(history.operations.returnLine[0]).toBe(0)
    expect(outputOf(history, 0)).toBe('a')
  })

  test('an operation keeps the outcome and the error of its completion', () => {
    const history = historyFromEvents([
      call(0, 'write', 1),
      end(0, 'fail', 'write', 1, { error: 'refused' }),
      call(0, 'write', 2),
      end(0, 'ok', 'write', 2),
      call(0, 'cas', [2, 3]),
      end(0, 'info', 'cas', [2, 3], { error: 'timeout' }),
    ])
    expect(Array.from(history.operations.outcome)).toEqual([FAIL, OK, INFO])
    expect([0, 1, 2].map(history.errorOf)).toEqual(['refused', undefined, 'timeout'])
  })

  test('a completion without a value or key takes the value and key of its invocation', () => {
    const history = historyFromEvents([call(0, 'write', 5, { key: 'k' }), { process: 0, type: 'ok', f: 'write' }])
    expect(outputOf(history, 0)).toBe(5)
    expect(history.keys[history.operations.key[0] ?? -1]).toBe('k')
  })

  test('the times of events without times are their positions among the client events', () => {
    const history = historyFromEvents([
      call(0, 'read'),
      call(1, 'read'),
      end(1, 'ok', 'read', 0),
      end(0, 'ok', 'read', 0),
    ])
    expect(Array.from(history.operations.callTime)).toEqual([0, 1])
    expect(Array.from(history.operations.returnTime)).toEqual([3, 2])
    expect(history.warnings).toEqual([])
  })

  test('a warning is given if only some events have a time', () => {
    const history = historyFromEvents([call(0, 'read', null, { time: 5 }), end(0, 'ok', 'read', 0)], {
      source: 'h.jsonl',
    })
    expect(history.warnings).toEqual([
      'h.jsonl: 1 of 2 events have no time; each gets the time of the event before it.',
    ])
  })

  test('named processes are clients, and a process named by digits is the process with that number', () => {
    const history = historyFromEvents([
      { process: '12', type: 'invoke', f: 'read' },
      { process: 'alice', type: 'invoke', f: 'write', value: 1 },
      { process: 12, type: 'ok', f: 'read', value: 0 },
      { process: 'alice', type: 'ok', f: 'write', value: 1 },
    ])
    expect(history.operations.length).toBe(2)
    expect([history.processName(0), history.processName(1)]).toEqual(['12', 'alice'])
    expect(history.nemesis).toEqual([])
    expect(history.warnings).toEqual([])
  })

  test('processes whose numbers differ beyond the precision of a double remain distinct', () => {
    const lines = ['9007199254740993', '9007199254740992'].map(
      (process) => parseJsonLine(`{"process":${process},"type":"invoke","f":"read"}`) as { event: EventInput },
    )
    const history = historyFromEvents(lines.map(({ event }) => event))
    expect([history.processName(0), history.processName(1)]).toEqual(['9007199254740993', '9007199254740992'])
  })

  test('the nemesis, the recorder and processes that have only info events are not clients', () => {
    const history = historyFromEvents([
      { process: 'nemesis', type: 'invoke', f: 'kill' },
      { process: 'recorder', type: 'info', f: 'passed-on', value: { what: 'GET /', count: 1, mayWrite: false } },
      { process: 'operator', type: 'info', f: 'deploy' },
    ])
    expect(history.operations.length).toBe(0)
    expect(history.nemesis.map(({ process }) => process)).toEqual(['nemesis', 'operator'])
  })

  test('the pairing of events handles 3,000 operations of 3,000 processes, and keeps their large process numbers', () => {
    const events: EventInput[] = []
    for (let i = 0; i < 3000; i += 1) {
      events.push(call(i * 1_000_003, 'write', i), end(i * 1_000_003, 'ok', 'write', i))
    }
    const history = historyFromEvents(events)
    expect(history.operations.length).toBe(3000)
    expect(history.processName(2999)).toBe(String(2999 * 1_000_003))
    expect(inputOf(history, 2999)).toBe(2999)
  })

  test('completionsOnly accepts a history of completions, and puts each invocation just before its completion', () => {
    const history = historyFromEvents([end(0, 'ok', 'txn', 1), end(1, 'info', 'txn', 2), end(0, 'fail', 'txn', 3)], {
      completionsOnly: true,
      source: 'h.edn',
    })
    expect(Array.from(history.operations.callEvent)).toEqual([0, 2, 4])
    expect(Array.from(history.operations.returnEvent)).toEqual([1, 3, 5])
    expect(history.warnings).toEqual([
      'h.edn: there are completions only; each operation counts as invoked just before its completion. The real-time order may be stricter than it really was.',
    ])
  })
})

describe('a history that breaks a rule', () => {
  test('a history is refused if a process has two open invocations', () => {
    expect(refusal([call(3, 'read'), call(1, 'read'), call(3, 'write', 1)])).toBe(
      'h.jsonl:3: process 3 invoked "write" while its "read" (line 1) is open. ' +
        'A process runs one operation at a time; give concurrent calls their own process.',
    )
  })

  test('a history is refused if a completion has no invocation', () => {
    expect(refusal([end(4, 'ok', 'read', 1)])).toBe(
      'h.jsonl:1: process 4 completed "read" (ok) without having invoked it. Every ok, fail and info follows an invoke of the same process.',
    )
  })

  test('a history is refused if an operation has two completions', () => {
    expect(refusal([call(4, 'read'), end(4, 'info', 'read', null), end(4, 'ok', 'read', 1)])).toBe(
      'h.jsonl:3: process 4 completed "read" (ok), but line 2 already ended the operation with info. If the ok is its late answer, remove line 2.',
    )
    expect(refusal([call(4, 'read'), end(4, 'ok', 'read', 1), end(4, 'ok', 'read', 1)])).toMatch(
      /^h\.jsonl:3: .* without having invoked it/,
    )
  })

  test('completionsOnly refuses a history that has both a call and an unpaired completion', () => {
    expect(() =>
      historyFromEvents([end(0, 'ok', 'read', 1), call(1, 'read')], { completionsOnly: true, source: 'h.edn' }),
    ).toThrow('h.edn:1: process 0 completed "read" (ok) without having invoked it.')
  })

  test('a history is refused if a completion names another function than its invocation', () => {
    expect(refusal([call(0, 'write', 1), end(0, 'ok', 'read', 1)])).toBe(
      'h.jsonl:2: process 0 completed "read" (ok) while its open operation is "write" (line 1). A completion has the "f" of its invocation.',
    )
  })

  test('a history is refused if a completion has another key than its invocation', () => {
    expect(refusal([call(0, 'write', 1, { key: 'x' }), end(0, 'ok', 'write', 1, { key: 'y' })])).toBe(
      'h.jsonl:2: process 0 invoked an operation on key "x" (line 1) and completed it (ok) on key "y". A completion has the key of its invocation.',
    )
  })

  test('a history is refused if a time decreases within a process', () => {
    expect(refusal([call(0, 'read', null, { time: 9 }), end(0, 'ok', 'read', 1, { time: 8 })])).toEqual(
      expect.stringContaining('h.jsonl:2: its time (8) is 1 ns before that of line 1 (9)'),
    )
  })

  test('a history is refused if an index does not increase', () => {
    expect(refusal([call(0, 'read', null, { index: 4 }), end(0, 'ok', 'read', 1, { index: 4 })])).toBe(
      'h.jsonl:2: index 4 comes after index 4 (line 1). Indexes must increase from event to event: sort the events, or leave "index" out to use the order of the lines.',
    )
  })
})

test('a process that invokes an operation after an outcome of info causes a warning', () => {
  const history = historyFromEvents([call(0, 'write', 1), end(0, 'info', 'write', 1), call(0, 'read')], {
    source: 'h.jsonl',
  })
  expect(history.operations.length).toBe(2)
  expect(history.warnings).toEqual([
    'h.jsonl: 1 operation is invoked by a process whose earlier operation ended in info (line 3: process 0 goes on after its info of line 2). After an info, a client should go on as a new process.',
  ])
})
