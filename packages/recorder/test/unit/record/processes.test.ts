import { expect, test } from 'vitest'
import { Lanes, Processes, remember, Ticks } from '../../../src/record/processes.ts'
import { asksAs, ok, recording, write } from '../../record/in-memory.ts'

test('a process is taken for a moment only if it has been idle since before that moment', () => {
  const [ticks, created] = [new Ticks(), [] as number[]]
  const lanes = new Lanes(() => created.push(created.length), ticks, undefined)
  const [first, second] = [lanes.take(), lanes.take()]
  expect(created).toHaveLength(2)
  lanes.giveBack(first)
  lanes.giveBack(second)
  expect([lanes.take(1), created.length]).toEqual([3, 3])
  expect(lanes.take(2)).toBe(first)
  expect(lanes.take(2)).toBe(4)
  expect(lanes.take(3)).toBe(second)
})

test('processes of copies and of expiries have sessions of their own, which are numbered', () => {
  const processes = new Processes(new Ticks())
  expect([processes.lanesOfCopy(), processes.lanesOfCopy()].map(({ session }) => session)).toEqual([
    "the proxy's copy 1",
    "the proxy's copy 2",
  ])
  expect([processes.lanesOfExpiry(), processes.lanesOfExpiry()].map(({ session }) => session)).toEqual([
    'expiry 1',
    'expiry 2',
  ])
  expect(processes.lanes().session).toBeUndefined()
})

test('only the invocation of an expiry has its session', () => {
  const { client, recorder, connection, now } = recording()
  recorder.clientsBy({ by: 'a header', named: true })
  const exchange = connection.beginWhole(now())
  exchange.called(asksAs('alice', write(1)))
  exchange.forwarded(now())
  exchange.answered(now(), ok(1))
  exchange.delivered(now(), ok(1))
  recorder.expiring('x').ended('ok')
  const events = client.lines.map((line) => JSON.parse(line) as { readonly session?: string; readonly expires?: true })
  expect(events.map(({ session, expires }) => [session, expires])).toEqual([
    ['alice', undefined],
    [undefined, undefined],
    ['expiry 1', true],
    [undefined, true],
  ])
})

test('remember forgets the entry that was remembered the longest ago', () => {
  const remembered = new Map<string, number>()
  for (const name of ['a', 'b', 'a', 'c']) remember(remembered, name, remembered.size, 2)
  expect([...remembered]).toEqual([
    ['a', 2],
    ['c', 2],
  ])
})
