import {
  type EventInput,
  type EventType,
  FAIL,
  historyFromEvents,
  INFO,
  type Json,
  OK,
  outputOf,
} from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'

/** An event of a process. `id` is the request id of an invocation. */
const event = (process: number, type: EventType, value: Json, id?: string | number): EventInput => ({
  process,
  type,
  f: 'add',
  key: 'x',
  value,
  ...(id === undefined ? {} : { extra: { requestId: id } }),
})

/** The operations as `[outcome, call, return, output]`. */
const operationsOf = (events: readonly EventInput[]): unknown[] => {
  const history = historyFromEvents(events)
  const { outcome, callEvent, returnEvent, length } = history.operations
  return Array.from({ length }, (_, i) => [outcome[i], callEvent[i], returnEvent[i], outputOf(history, i)])
}

describe('attempts with the same request id', () => {
  test('attempts with one request id are one operation, from the first call to the first acknowledgement', () => {
    const events = [
      event(0, 'invoke', 1, 'a'),
      event(0, 'info', 1),
      event(1, 'invoke', 5, 'b'),
      event(1, 'ok', 5),
      event(2, 'invoke', 1, 'a'),
      event(2, 'ok', 6),
      event(3, 'invoke', 1, 'a'),
      event(3, 'ok', 6),
      event(4, 'invoke', 1, 'a'),
      event(4, 'fail', 1),
    ]
    expect(operationsOf(events)).toEqual([
      [OK, 0, 5, 6],
      [OK, 2, 3, 5],
    ])
    expect(historyFromEvents(events, { source: 'h.jsonl' }).warnings).toEqual([
      expect.stringMatching(
        /^h\.jsonl:7: the request id "a" is repeated after an answer\. The repetition counts as a retry/,
      ),
    ])
    expect(historyFromEvents(events.slice(0, 6)).warnings).toEqual([])
  })

  test("the outcome of an answered request's repetition is unknown if its id also names another operation", () => {
    const add = (process: number, id: string) => [event(process, 'invoke', 1, id), event(process, 'ok', 1)]
    const read: EventInput = { process: 0, type: 'invoke', f: 'read', key: 'x', value: null, extra: { requestId: 'a' } }
    const events = [...add(0, 'a'), ...add(0, 'a'), read, { ...read, type: 'ok' as const, value: 2 }, ...add(1, 'b')]
    const all = [...events, ...add(1, 'b'), event(2, 'invoke', 5, 'c'), event(2, 'info', 5), ...add(3, 'c')]
    const retried = [...all, event(4, 'invoke', 5, 'c'), event(4, 'ok', 5)]
    expect(operationsOf(retried)).toEqual([
      [OK, 0, 1, 1],
      [INFO, 2, 3, 1],
      [OK, 4, 5, 2],
      [OK, 6, 7, 1],
      [OK, 10, 15, 5],
      [OK, 12, 13, 1],
    ])
    expect(historyFromEvents(retried, { source: 'h.jsonl' }).warnings).toEqual([
      expect.stringMatching(/^h\.jsonl:3: the request id "a" names different operations, so it may identify a client/),
    ])
  })

  test('attempts with one request id end at the first acknowledgement, whichever attempt was called first', () => {
    const events = [event(0, 'invoke', 1, 'a'), event(1, 'invoke', 1, 'a'), event(1, 'ok', 1), event(0, 'ok', 1)]
    expect(operationsOf(events)).toEqual([[OK, 0, 2, 1]])
  })

  test('a request id may be a number, which differs from the same digits as text', () => {
    const twice = (one: string | number, other: string | number): number =>
      operationsOf([event(0, 'invoke', 1, one), event(0, 'info', 1), event(1, 'invoke', 1, other), event(1, 'ok', 1)])
        .length
    expect([twice(7, 7), twice(7, '7'), twice(7, 8)]).toEqual([1, 2, 2])
  })

  test('attempts with one request id are one operation of unknown outcome if none was acknowledged', () => {
    const events = [
      event(0, 'invoke', 1, 'a'),
      event(0, 'info', 1),
      event(1, 'invoke', 1, 'a'),
      event(1, 'info', 1),
      event(2, 'invoke', 1, 'a'),
    ]
    expect(operationsOf(events)).toEqual([[INFO, 0, 1, 1]])
  })

  test('attempts remain separate operations if the first attempt certainly failed', () => {
    const events = [event(0, 'invoke', 1, 'a'), event(0, 'fail', 1), event(0, 'invoke', 1, 'a'), event(0, 'ok', 1)]
    expect(operationsOf(events)).toEqual([
      [FAIL, 0, 1, 1],
      [OK, 2, 3, 1],
    ])
  })

  test('attempts are different operations if their functions, keys or values differ', () => {
    const events = [
      event(0, 'invoke', 1, 'a'),
      event(0, 'info', 1),
      event(1, 'invoke', 2, 'a'),
      event(1, 'ok', 2),
      { ...event(2, 'invoke', 1, 'a'), key: 'y' },
      { ...event(2, 'ok', 1), key: 'y' },
      event(3, 'invoke', 1, 'b'),
      event(3, 'ok', 1),
    ]
    expect(operationsOf(events)).toHaveLength(4)
  })

  test('attempts are different operations if they belong to different parts of the request', () => {
    const part = (process: number, name: string): EventInput[] => [
      { ...event(process, 'invoke', 1), extra: { requestId: 'a', part: name } },
      event(process, 'ok', 1),
    ]
    expect(operationsOf([...part(0, '0'), ...part(1, '1'), ...part(2, '1')])).toHaveLength(2)
  })

  test('attempts remain separate operations if they are reads', () => {
    const read = (value: number): EventInput[] => [
      { process: 0, type: 'invoke', f: 'read', value: null, extra: { requestId: 'a' } },
      { process: 0, type: 'ok', f: 'read', value },
    ]
    expect(operationsOf([...read(1), ...read(2)])).toHaveLength(2)
  })

  test('attempts without a value in the invocation are different operations if their completions have different values', () => {
    const write = (process: number, answer: string): EventInput[] => [
      { process, type: 'invoke', f: 'write', extra: { requestId: 'a' } },
      { process, type: 'ok', f: 'write', value: answer },
    ]
    expect(operationsOf([...write(0, '"1"'), ...write(1, '"2"')])).toHaveLength(2)
    expect(operationsOf([...write(0, '"1"'), ...write(1, '"1"')])).toHaveLength(1)
  })
})
