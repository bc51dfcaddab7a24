import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { UNKNOWN_START } from '../../src/encoding/unknown-start.ts'
import { checkHistory } from '../checking.ts'

/** Records a client that writes 1, 2, … to x. After each write, it reads the result of `read`. */
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
      /^6 of 6 reads returned what nobody wrote: x was written 1 and read {"value":1,"version":1} \(which has it at "value"\)\. The table probably reads another place than it writes/,
    )
    expect(Object.values(report.levels).map(({ result }) => result)).not.toContain('violated')
    expect(report.lost).toEqual([])
  })

  test('a route table that reads a different field than it writes is found even if reads return numbers as text', () => {
    expect(reasonOf(recorded(String))).toContain('x was written 1 and read "1" (of another type)')
    // For a read that overtook another client's write, the written value is that of this write.
    expect(reasonOf(recorded((value) => String((value % 6) + 1)))).toContain('x was written 2 and read "2" (of another')
    expect(reasonOf(recorded((value) => `v${value}`))).toContain('x was written 1 and read "v1". The table')
  })
})

test('a lost write is unknown if the route table lacks a path by which clients read its key', () => {
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
    expect(reasonOf(recorded((value) => (value > 3 ? 'corrupt' : value)))).toBe('violated')
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
    expect(reasonOf(recorded(String, 'routes', 3))).toBe('violated')
  })
})
