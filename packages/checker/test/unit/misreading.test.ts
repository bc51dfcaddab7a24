import { type EventInput, historyFromEvents, historyFromObjects, type Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { UNKNOWN_START } from '../../src/encoding/unknown-start.ts'
import { streamLadder } from '../../src/stream/guarantees.ts'
import { watchLadder } from '../../src/watch/guarantees.ts'
import { checkHistory } from '../checking.ts'

/**
 * Records a client that writes 1, 2, … to x. After each write, the client reads x. The read returns what `read` returns
 * for the written value.
 */
function recorded(read: (value: number) => Json, mapping: 'routes' | 'none' = 'routes', rounds = 6) {
  const events: EventInput[] = []
  for (let value = 1; value <= rounds; value++) {
    events.push({ process: 0, type: 'invoke', f: 'write', key: 'x', value })
    events.push({ process: 0, type: 'ok', f: 'write', key: 'x', value })
    events.push({ process: 0, type: 'invoke', f: 'read', key: 'x' })
    events.push({ process: 0, type: 'ok', f: 'read', key: 'x', value: read(value) })
  }
  const history = historyFromEvents(events, {
    header: { chaos: 1, initial: 'unknown', ...(mapping === 'none' ? {} : { mapping }) },
  })
  return checkHistory(history, { initial: UNKNOWN_START })
}

const reasonOf = (report: ReturnType<typeof recorded>): string => {
  const { linearizable } = report.levels
  return linearizable.result === 'unknown' ? linearizable.reason.text : linearizable.result
}

describe('a route table that reads from a different place than it writes to', () => {
  test('a route table that reads a different field than it writes is reported instead of a violation', () => {
    const report = recorded((value) => ({ value, version: 1 }))
    expect(reasonOf(report)).toMatch(
      /^6 of 6 reads returned what nobody wrote: x was written 1 and read {"value":1,"version":1} \(which has it at "value"\)\. The route table probably reads from another place than it writes to/,
    )
    expect(Object.values(report.levels).map(({ result }) => result)).not.toContain('violated')
    expect(report.lost).toEqual([])
  })

  test('a route table that reads a different field than it writes is reported even if reads return numbers as text', () => {
    expect(reasonOf(recorded(String))).toContain('x was written 1 and read "1" (of another type)')
    // The first read returns the value of the second write as a text. The report compares this read with that write.
    expect(reasonOf(recorded((value) => String((value % 6) + 1)))).toContain('x was written 2 and read "2" (of another')
    expect(reasonOf(recorded((value) => `v${value}`))).toContain('x was written 1 and read "v1". The route table')
  })
})

test('the verdict on a lost write is unknown if the route table lacks a route for a request that reads the key', () => {
  const levelAfter = (what: string, last: Json): string => {
    const passedOn = { what, count: 30, mayWrite: false }
    const history = historyFromEvents(
      [
        { process: 0, type: 'invoke', f: 'write', key: 'k', value: 1 },
        { process: 0, type: 'ok', f: 'write', key: 'k', value: 1 },
        { process: 'recorder', type: 'info', f: 'passed-on', value: passedOn },
        { process: 1, type: 'invoke', f: 'read', key: 'k', final: true },
        { process: 1, type: 'ok', f: 'read', key: 'k', value: last },
      ],
      { header: { chaos: 1, initial: 'unknown', mapping: 'routes' } },
    )
    return reasonOf(checkHistory(history, { initial: UNKNOWN_START }))
  }
  expect(levelAfter('GET /items/k', null)).toMatch(
    /^no read found a value, and the table has no route for GET \/items\/k/,
  )
  expect(levelAfter('GET /health', null)).toBe('violated')
  expect(levelAfter('GET /items/k', 2)).toBe('violated')
})

describe('a violation in a history that a route table recorded', () => {
  test('a violation in a recorded history is reported if most reads return a written value', () => {
    expect(reasonOf(recorded((value) => (value > 3 ? value + 100 : value)))).toBe('violated')
  })

  test('a violation in a recorded history is reported even if every read returns an old value', () => {
    expect(reasonOf(recorded((value) => Math.max(1, value - 1)))).toBe('violated')
  })

  test('a violation in a recorded history is reported even if every write is lost', () => {
    expect(reasonOf(recorded(() => null))).toBe('violated')
  })

  test('a violation is reported, and no error of a route table, if the header of the history names no route table', () => {
    expect(reasonOf(recorded(String, 'none'))).toBe('violated')
  })

  test('a violation is reported if too few reads were recorded to call the route table wrong', () => {
    expect(reasonOf(recorded((value) => value + 100, 'routes', 3))).toBe('violated')
  })
})

describe('a read of another kind of content than every write', () => {
  test('the answer to a read that returned an error page counts as not understood, and not as a violation', () => {
    expect(reasonOf(recorded((value) => (value === 4 ? 'Service Unavailable' : value)))).toMatch(
      /^the answer to a read of x \(it returned "Service Unavailable", which nobody wrote; 4 was written to x\. .*"answers"/,
    )
  })

  test('a read of a written value in another form counts as not understood, and not as a violation', () => {
    const values = ['1.20', '1.25', '1.30']
    const reasons = [1.3, { value: '1.30' }].map((last) => {
      const events = values.flatMap((value) => [
        { type: 'invoke', f: 'write', value },
        { type: 'ok', f: 'write', value },
        { type: 'invoke', f: 'read' },
        { type: 'ok', f: 'read', value: value === '1.30' ? last : value },
      ])
      const history = historyFromEvents(
        events.map((each) => ({ process: 0, key: 'x', ...each }) as EventInput),
        {
          header: { chaos: 1, initial: 'unknown', mapping: 'routes' },
        },
      )
      return reasonOf(checkHistory(history, { initial: UNKNOWN_START }))
    })
    expect(reasons[0]).toContain('"1.30" was written to x (of another type)')
    expect(reasons[1]).toContain('"1.30" was written to x (which has it at "value")')
  })

  test('a violation is reported if it does not depend on the read of an error page', () => {
    expect(reasonOf(recorded((value) => (value === 2 ? 'Service Unavailable' : value === 6 ? 1 : value)))).toBe(
      'violated',
    )
  })

  test('a read of the initial value is understood, whatever its type', () => {
    const reads = (initial: Json, events: readonly EventInput[]) =>
      reasonOf(checkHistory(historyFromEvents(events, { header: { chaos: 1, mapping: 'routes' } }), { initial }))
    const read = (value: Json): EventInput[] => [
      { process: 0, type: 'invoke', f: 'read', key: 'x' },
      { process: 0, type: 'ok', f: 'read', key: 'x', value },
    ]
    const write: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
      { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
    ]
    expect(reads('seed', [...write, ...read('seed')])).toBe('violated')
    expect(reads(UNKNOWN_START, [...read('seed'), ...write, ...read('seed')])).toBe('violated')
    expect(reads(UNKNOWN_START, [...write, ...read('seed')])).toContain('it returned "seed", which nobody wrote')
  })
})

test('the verdict is unknown, instead of violated, if no key was both written and read', () => {
  const events: EventInput[] = [1, 2].flatMap((value): EventInput[] => [
    { process: 0, type: 'invoke', f: 'write', key: 'users/1', value },
    { process: 0, type: 'ok', f: 'write', key: 'users/1', value },
    { process: 0, type: 'invoke', f: 'read', key: 'user/1' },
    { process: 0, type: 'ok', f: 'read', key: 'user/1', value },
  ])
  const history = historyFromEvents(events, { header: { chaos: 1, initial: 'unknown', mapping: 'routes' } })
  expect(reasonOf(checkHistory(history, { initial: UNKNOWN_START }))).toMatch(
    /^no key was both written and read: users\/1 was written, and user\/1 was read/,
  )
})

test('the verdict on a queue is unknown, instead of violated, if nobody added most of the messages that were read', () => {
  const queue = (taken: (value: number) => Json) => {
    const events: EventInput[] = [1, 2, 3].flatMap((value): EventInput[] => [
      { process: 0, type: 'invoke', f: 'enqueue', value },
      { process: 0, type: 'ok', f: 'enqueue', value },
      { process: 0, type: 'invoke', f: 'dequeue' },
      { process: 0, type: 'ok', f: 'dequeue', value: taken(value) },
    ])
    const history = historyFromEvents(events, { header: { chaos: 1, model: 'queue', mapping: 'routes' } })
    return reasonOf(checkHistory(history, { model: 'queue', initial: [] }))
  }
  expect(queue((value) => `id-${value}`)).toMatch(
    /^3 of 3 messages that were seen, such as "id-1", were added by nobody/,
  )
  expect(queue((value) => (value === 2 ? 9 : value))).toBe('violated')
})

describe('a file without a key, but with an unused member that may be the key', () => {
  const call = (process: number, f: string, value: Json, key?: string): EventInput[] => [
    { process, type: 'invoke', f, value: f === 'read' ? null : value, key },
    { process, type: 'ok', f, value, key },
  ]
  const judged = (key: string | undefined, read: number, mayBe: 'key' | 'process' = 'key') => {
    const events = [...call(0, 'write', 2, key), ...call(0, 'write', 9, key), ...call(1, 'read', read, key)]
    const taken = [{ member: 'sku', as: 'nothing', count: 3, of: 3, words: [], mayBe: [mayBe] }]
    return checkHistory({ ...historyFromEvents(events), taken })
  }

  test('the verdict on a file without keys is unknown, instead of violated, and the reason names an unused member', () => {
    const report = judged(undefined, 2)
    expect(reasonOf(report)).toBe(
      'no member names the key, and "sku" is not used. If it is the key: --map key=sku. If all operations are on one object: --map key=none',
    )
    expect(Object.values(report.levels).map(({ result }) => result)).not.toContain('violated')
  })

  test('a linearizable file without keys is found linearizable', () => {
    expect(judged(undefined, 9).levels.linearizable.result).toBe('met')
  })

  test('a violation is reported if operations name a key, or if the unused member cannot be the key', () => {
    expect(judged('x', 2).levels.linearizable.result).toBe('violated')
    expect(judged(undefined, 2, 'process').levels.linearizable.result).toBe('violated')
  })
})

test('a file whose answers name keys that its writes lack is unknown, instead of violated', () => {
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'write', value: 1 },
    { process: 0, type: 'ok', f: 'write' },
    { process: 1, type: 'invoke', f: 'read', value: null },
    { process: 1, type: 'ok', f: 'read', key: 'b', value: 2 },
  ])
  const report = checkHistory({ ...history, format: 'csv' })
  expect(reasonOf(report)).toBe(
    'the write of line 1 names no key, and the read of line 3 is on b. Name the member with the key of every operation: --map key=MEMBER. If all operations are on one object: --map key=none',
  )
  expect(Object.values(report.levels).map(({ result }) => result)).not.toContain('violated')
  expect(checkHistory(history).levels.linearizable.result).toBe('violated')
})

test.each([
  {
    model: 'stream',
    levels: streamLadder.levels,
    calls: [
      { f: 'send', key: 'k', value: 5, answer: 1 },
      { f: 'send', key: 'k', value: 6, answer: 0 },
      { f: 'commit_offsets', value: { k: 1 }, answer: null },
      { f: 'crash', value: null, answer: null },
      { f: 'poll', value: { k: 0 }, answer: { k: [[0, 7]] } },
    ],
  },
  {
    model: 'watch',
    levels: watchLadder.levels,
    calls: [
      { f: 'put', key: 'x', value: 1, answer: 2 },
      { f: 'read', value: null, answer: { x: 1 } },
      { f: 'watch', value: { watch: 1, from: 2 }, answer: { revision: 2 } },
      { f: 'watched', value: { watch: 1 }, answer: [{ events: [{ revision: 2, key: 'x', value: 9 }] }] },
    ],
  },
])('a violation of the model $model remains if operations without a key are valid in this model', (each) => {
  const { model, levels, calls } = each
  const events = calls.flatMap(({ answer, ...call }): EventInput[] => [
    { process: 0, type: 'invoke', ...call },
    { process: 0, type: 'ok', ...call, value: answer },
  ])
  const history = { ...historyFromEvents(events), format: 'jsonl' } as const
  const report = checkHistory(history, { model, levels: levels as never })
  expect(Object.values(report.levels).map(({ result }) => result)).toContain('violated')
})

test('a violation of a key that is a number and a text is unknown, and that of another key remains', () => {
  const judged = (key: Json, other: Json, value: Json) =>
    checkHistory(
      historyFromObjects([
        { process: 0, type: 'invoke', f: 'write', key: 1, value: 1 },
        { process: 0, type: 'ok', f: 'write', key: 1, value: 1 },
        { process: 0, type: 'invoke', f: 'read', key: other },
        { process: 0, type: 'ok', f: 'read', key: other, value: null },
        { process: 1, type: 'invoke', f: 'read', key },
        { process: 1, type: 'ok', f: 'read', key, value },
      ]),
    )
  expect(reasonOf(judged('1', '1', 1))).toBe(
    '1 and "1" are two keys. If they are meant to be one, write the key alike on all lines',
  )
  expect(judged('x', '1', 1).levels.linearizable.result).toBe('violated')
})

test('a violation is unknown if it concerns any of several keys that are numbers and texts', () => {
  const read = (key: Json): Json[] => [
    { process: 0, type: 'invoke', f: 'read', key },
    { process: 0, type: 'ok', f: 'read', key, value: null },
  ]
  const written: Json[] = [
    { process: 0, type: 'invoke', f: 'write', key: 2, value: 7 },
    { process: 0, type: 'ok', f: 'write', key: 2, value: 7 },
    { process: 1, type: 'invoke', f: 'read', key: '2' },
    { process: 1, type: 'ok', f: 'read', key: '2', value: 7 },
  ]
  const events = [...read(1), ...read('1'), ...written]
  expect(reasonOf(checkHistory(historyFromObjects(events)))).toContain('2 and "2" are two keys')
})

describe('a file whose answers resemble what was written', () => {
  const judged = (written: Json, read: Json, isNative = false) => {
    const events: EventInput[] = [
      { process: 0, type: 'invoke', f: 'write', key: 'x', value: written },
      { process: 0, type: 'ok', f: 'write', key: 'x' },
      { process: 1, type: 'invoke', f: 'read', key: 'x' },
      { process: 1, type: 'ok', f: 'read', key: 'x', value: read },
    ]
    return checkHistory({ ...historyFromEvents(events), taken: isNative ? undefined : [] })
  }

  test.each([
    [
      { qty: 1 },
      { id: 1, qty: 1 },
      'x was written {"qty":1} and read {"id":1,"qty":1} (which holds it and more). Keep only the value in the answers, or name the member that has it: --map output=MEMBER',
    ],
    [1, '1', 'x was written 1 and read "1" (of another type). Record written and read values in the same form'],
  ])(
    'the verdict is unknown, instead of violated, if a wrong answer resembles the written value: %j, %j',
    (written, read, reason) => {
      expect(reasonOf(judged(written, read))).toBe(reason)
    },
  )

  test('a violation is reported if the first hundred reads of unwritten values resemble no written value', () => {
    const read = (value: Json): EventInput[] => [
      { process: 1, type: 'invoke', f: 'read', key: 'x' },
      { process: 1, type: 'ok', f: 'read', key: 'x', value },
    ]
    const after = (unrelated: number) => {
      const events: EventInput[] = [
        { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
        { process: 0, type: 'ok', f: 'write', key: 'x' },
        ...Array.from({ length: unrelated }, (_, at) => read(`r${at}`)).flat(),
        ...read('1'),
      ]
      return checkHistory({ ...historyFromEvents(events), taken: [] }).levels.linearizable.result
    }
    expect(after(99)).toBe('unknown')
    expect(after(100)).toBe('violated')
  })

  test('a violation is reported if the wrong answer resembles no written value, or if the history is in chaos format', () => {
    expect(judged({ qty: 1 }, { id: 1, qty: 2 }).levels.linearizable.result).toBe('violated')
    expect(judged(1, '2').levels.linearizable.result).toBe('violated')
    expect(judged(1, '1', true).levels.linearizable.result).toBe('violated')
  })
})

test('a read that failed and a read of unknown outcome are both left out', () => {
  const levelsWith = (type: 'fail' | 'info') =>
    checkHistory(
      historyFromEvents([
        { process: 0, type: 'invoke', f: 'write', value: 1 },
        { process: 0, type: 'ok', f: 'write', value: 1 },
        { process: 1, type: 'invoke', f: 'read', value: null },
        { process: 1, type, f: 'read', value: null, error: 'absent' },
        { process: 2, type: 'invoke', f: 'read', value: null },
        { process: 2, type: 'ok', f: 'read', value: 1 },
      ]),
    ).levels
  expect(levelsWith('fail').linearizable.result).toBe('met')
  expect(levelsWith('info').linearizable.result).toBe('met')
})
