import {
  borrowHistory,
  type EventInput,
  FLAG_UNSAID,
  historyFromEvents,
  printJsonHeader,
  printJsonLine,
  UNNAMED,
} from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { parseJsonLine } from '../../src/codecs/jsonl.ts'

const invoke = (process: number, more: Partial<EventInput> = {}): EventInput => ({
  process,
  type: 'invoke',
  f: 'read',
  value: null,
  ...more,
})
const ok = (process: number): EventInput => ({ process, type: 'ok', f: 'read', value: 1 })

describe('client sessions', () => {
  test('without named sessions, each process is a separate client', () => {
    const history = historyFromEvents([invoke(7), invoke(9)])
    expect(history.hasSessions).toBe(false)
    expect([history.sessionOf(0), history.sessionOf(1)]).toEqual([0, 1])
    expect(history.sessionName(1)).toBe('9')
  })

  test('processes with one session name are one client, and a process without a session is separate', () => {
    const history = historyFromEvents([invoke(0, { session: 'alice' }), invoke(1, { session: 'alice' }), invoke(2)])
    expect(history.hasSessions).toBe(true)
    expect(history.sessionOf(0)).toBe(history.sessionOf(1))
    expect(history.sessionOf(2)).not.toBe(history.sessionOf(0))
    expect(history.sessionName(history.sessionOf(0))).toBe('alice')
    expect(history.sessionName(history.sessionOf(2))).toBe('2')
  })

  test('a process without a session is an unnamed client if the recorder identified clients', () => {
    const header = { chaos: 1, sessions: { by: 'header.X-Client', named: true } } as const
    const history = historyFromEvents([invoke(0, { session: 'alice' }), invoke(1)], { header })
    expect(history.sessionOf(1)).toBe(UNNAMED)
  })

  test('clients are unnamed if the header says that clients have no names', () => {
    const header = { chaos: 1, sessions: { by: 'connection', named: false } } as const
    const history = historyFromEvents([invoke(0)], { header })
    expect(history.hasSessions).toBe(true)
    expect(history.sessionOf(0)).toBe(UNNAMED)
  })

  test('a history is refused if the session of a process changes, or is named only after its first operation', () => {
    const alice = invoke(0, { session: 'alice' })
    expect(() => historyFromEvents([alice, ok(0), invoke(0, { session: 'bob' })], { source: 'h' })).toThrow(
      'h:3: process 0 has session "bob" here, and "alice" on earlier lines.',
    )
    expect(() => historyFromEvents([invoke(0), ok(0), alice], { source: 'h' })).toThrow(
      'h:3: process 0 has session "alice" here, and none on earlier lines.',
    )
  })

  test('a history from lend and borrowHistory keeps sessions, marked keys and counts of unrecorded requests', () => {
    const history = historyFromEvents(
      [
        invoke(0, { session: 'alice' }),
        { process: 'recorder', type: 'info', f: 'touched', key: 'x', value: { what: 'EVAL', why: 'a script' } },
        { process: 'recorder', type: 'info', f: 'passed-on', value: { what: 'GET /', count: 1, mayWrite: false } },
      ],
      { shared: true },
    )
    const lent = history.lend?.()
    if (lent === undefined) throw new Error('this history cannot be passed to another thread')
    const borrowed = borrowHistory(structuredClone(lent))
    expect(borrowed.sessionName(borrowed.sessionOf(0))).toBe('alice')
    expect(borrowed.marks).toEqual(history.marks)
    expect(borrowed.passedOn).toEqual(history.passedOn)
  })
})

describe('recorder events', () => {
  test('recorder events become marks of the history, each at its position among the client events', () => {
    const history = historyFromEvents([
      invoke(0),
      ok(0),
      { process: 'recorder', type: 'info', f: 'touched', value: { what: 'FLUSHALL', why: 'removes every key' } },
      invoke(0),
    ])
    expect(history.marks).toEqual([
      { kind: 'touched', key: undefined, position: 2, line: 3, what: 'FLUSHALL', why: 'removes every key' },
    ])
    expect(history.nemesis).toEqual([])
  })

  test('recorder events give the last count of each kind of unrecorded request', () => {
    const note = (what: string, count: number): EventInput => ({
      process: 'recorder',
      type: 'info',
      f: 'passed-on',
      value: { what, count, mayWrite: false },
    })
    const history = historyFromEvents([note('GET /health', 1), note('GET /', 1), note('GET /health', 12)])
    expect(history.passedOn).toEqual([
      { what: 'GET /health', count: 12, mayWrite: false },
      { what: 'GET /', count: 1, mayWrite: false },
    ])
  })

  test('an invocation without a value differs from an invocation with null', () => {
    const history = historyFromEvents([
      { process: 0, type: 'invoke', f: 'write' },
      { process: 1, type: 'invoke', f: 'write', value: null },
    ])
    expect(Array.from(history.operations.flags, (flags) => flags & FLAG_UNSAID)).toEqual([FLAG_UNSAID, 0])
  })

  test('an event and a header are parsed back from their printed lines', () => {
    const header = { chaos: 1, initial: 'unknown', sessions: { by: 'cookie.sid', named: true } } as const
    expect(parseJsonLine(printJsonHeader(header))).toEqual({ kind: 'header', header })
    const event = invoke(0, { session: 'alice' })
    expect(parseJsonLine(printJsonLine(event))).toEqual({ kind: 'event', event })
  })

  test('a header with an unknown kind of sessions is refused', () => {
    expect(() => parseJsonLine('{"chaos":1,"sessions":"cookie"}')).toThrow('"sessions" is "cookie".')
  })
})
