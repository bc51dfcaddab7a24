import { expect, test } from 'vitest'
import { Processes, Ticks } from '../../../src/record/processes.ts'
import { Retries } from '../../../src/record/retries.ts'
import { eventTexts, recording } from '../../record/in-memory.ts'

test('the recorder remembers the processes of the last 100,000 sessions', () => {
  const processes = new Processes(new Ticks())
  const [first, second] = [processes.lanesOf('0'), processes.lanesOf('1')]
  for (let i = 2; i < 100_000; i++) processes.lanesOf(`${i}`)
  expect([processes.lanesOf('0') === first, processes.lanesOf('1') === second]).toEqual([true, true])
  processes.lanesOf('another')
  expect([processes.lanesOf('1') === second, processes.lanesOf('0') === first]).toEqual([true, false])
})

test('the recorder counts all overwrites, and up to 10,000 overwritten keys', () => {
  const { recorder, connection } = recording()
  for (let i = 0; i < 9_999; i++) connection.overwrote(`k${i}`)
  connection.overwrote('k0')
  expect(recorder.counters.overwrites).toEqual({ first: 'k0', keys: 9_999, times: 10_000 })
  for (const key of ['x', 'y']) connection.overwrote(key)
  expect(recorder.counters.overwrites).toEqual({ first: 'k0', keys: 10_000, times: 10_002 })
})

test('the recorder names up to 1,000 kinds of forwarded requests, and counts the others together', () => {
  const { recorder, client } = recording()
  for (let i = 0; i < 1000; i++) recorder.passedOn(`GET /${i}`, 'nothing')
  expect(eventTexts(client).at(-1)).toBe('passed-on: {"what":"GET /999","count":1,"mayWrite":false}')
  for (const what of ['GET /x', 'GET /y', 'GET /0']) recorder.passedOn(what, 'nothing')
  recorder.passedOn('POST /z', 'everything')
  recorder.finish()
  expect(eventTexts(client).slice(1000)).toEqual([
    'passed-on: {"what":"other requests","count":1,"mayWrite":false}',
    'touched: {"what":"POST /z","why":"the request may have written, and is not recorded as an operation"}',
    'passed-on: {"what":"GET /0","count":2,"mayWrite":false}',
    'passed-on: {"what":"other requests","count":3,"mayWrite":true}',
  ])
})

const keys = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `k${i}`)

test('the recorder marks up to 10,000 keys as changed outside the record, and then all keys', () => {
  const { recorder, client } = recording()
  for (const key of keys(10_000)) recorder.touched('a', 'why', { keys: [key] })
  recorder.touched('again', 'why', { keys: ['k0'] })
  expect(client.lines).toHaveLength(10_000)
  recorder.touched('b', 'why', { keys: ['x'] })
  recorder.touched('c', 'why', { keys: ['y'] })
  expect(eventTexts(client).slice(10_000)).toEqual(['touched: {"what":"b","why":"why"}'])
})

test('the recorder marks the reads of up to 10,000 keys as unknown, and then all reads', () => {
  const { recorder, client } = recording()
  for (const key of keys(10_000)) recorder.notUnderstood('a', 'why', key)
  recorder.notUnderstood('again', 'why', 'k0')
  for (const key of ['x', 'y', 'k0']) recorder.notUnderstood('b', 'why', key)
  expect(eventTexts(client).slice(10_000)).toEqual(['not-understood: {"what":"b","why":"why"}'])
})

test('at most 100,000 events wait for an earlier event', () => {
  const { recorder, connection, now } = recording()
  for (let i = 0; i < 100_000; i++) connection.begin(now())
  expect(recorder.counters).toMatchObject({ overtaken: 0, waiting: 100_000 })
  connection.begin(now())
  expect(recorder.counters).toMatchObject({ overtaken: 1, waiting: 100_000 })
})

test.each<readonly [number, number | undefined]>([
  [99_999, 2],
  [100_000, undefined],
])('after %i other request ids, a repeated request id is recognised as attempt %s', (others, attempt) => {
  const retries = new Retries().forConnection({ client: 'a', repeatsFirst: false })
  const correlate = (requestId: string) => retries.correlate({ f: 'write', key: 'x', value: 1, requestId }, undefined)
  correlate('first')
  for (let i = 0; i < others; i++) correlate(`${i}`)
  expect(correlate('first')).toEqual({ requestId: 'first', ...(attempt === undefined ? {} : { attempt }) })
})
