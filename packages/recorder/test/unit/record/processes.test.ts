import { expect, test } from 'vitest'
import { Lanes, Processes, remember, Ticks } from '../../../src/record/processes.ts'
import { asksAs, ok, recording, write } from '../../record/in-memory.ts'

test('a process is reused for a moment only if the process became idle before this moment', () => {
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

test('processes of copies and of expiries have numbered sessions of their own', () => {
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

test('of the two events of an expiry, only the invocation has a session', () => {
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

test('when it is full, remember() forgets the entry that was remembered longest ago', () => {
  const remembered = new Map<string, number>()
  for (const name of ['a', 'b', 'a', 'c']) remember(remembered, name, remembered.size, 2)
  expect([...remembered]).toEqual([
    ['a', 2],
    ['c', 2],
  ])
})
