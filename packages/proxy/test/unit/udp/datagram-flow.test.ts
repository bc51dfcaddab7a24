import { createRandom, type DatagramFault, datagramFamily } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import { LinkState } from '../../../src/link/link-state.ts'
import { createDatagramFaults } from '../../../src/udp/datagram-faults.ts'
import { DatagramFlow } from '../../../src/udp/datagram-flow.ts'

const way = { from: 'clients', to: 'n1' }

/** One direction of a session, without sockets. Each character of its texts is one byte. */
function flowOf({ allowance = { freeBytes: 1000 }, seed = 1 } = {}) {
  const clock = new ManualClock()
  const sent: string[] = []
  const link = new LinkState(way, createRandom(seed))
  const faults = createDatagramFaults(createRandom(seed), clock)
  const flow = new DatagramFlow({
    ...{ link, datagrams: faults.link(way), clock, allowance, client: '10.0.0.7', direction: 'requests' },
    connection: { abort: () => undefined },
    send: (bytes) => void sent.push(bytes.toString('latin1')),
  })
  const apply = (fault: object) =>
    faults.apply(datagramFamily.parse({ links: ['clients>n1'], ...fault }, 'x') as DatagramFault)
  const say = (...texts: readonly string[]) => {
    for (const text of texts) flow.receive(Buffer.from(text, 'latin1'))
    return sent.splice(0)
  }
  return { flow, clock, link, apply, say, sentSince: () => sent.splice(0), allowance }
}
const late = (delayMs: number) => ({ kind: 'delay-datagram', delayMs })
const behind = (count: number, withinMs = 1000) => ({ kind: 'reorder-datagram', behind: count, withinMs })
const copies = (count: number) => ({ kind: 'duplicate-datagram', copies: count })

describe('a datagram under faults', () => {
  test('a datagram is counted as received, as sent or lost, and as a hit if a fault acted on it', () => {
    const { say, apply, link } = flowOf()
    expect(say('ab')).toEqual(['ab'])
    const rule = apply({ kind: 'drop-datagram' })
    expect(say('cde')).toEqual([])
    expect(link.statistics()).toMatchObject({ bytes: 5, chunks: 2, deliveredBytes: 2, droppedBytes: 3, hits: 1 })
    expect(rule.hits).toBe(1)
  })

  test('each duplicating fault copies a datagram, up to 1,000 times', () => {
    const { say, apply } = flowOf()
    apply(copies(2))
    expect(say('a')).toEqual(['a', 'a', 'a'])
    apply(copies(1))
    expect(say('b')).toHaveLength(6)
    for (let i = 0; i < 2; i++) apply(copies(100))
    expect(say('c')).toHaveLength(1000)
  })

  test('a lost datagram is not hit by later faults', () => {
    const { say, apply } = flowOf()
    const rules = [apply(late(5)), apply({ kind: 'drop-datagram' }), apply(copies(1))]
    expect([say('a'), rules.map(({ hits }) => hits)]).toEqual([[], [0, 1, 0]])
  })

  test('a datagram waits for the sum of its delays', () => {
    const { say, apply, clock, sentSince, link } = flowOf()
    apply(late(10))
    apply(late(5))
    expect(say('a')).toEqual([])
    clock.advance(14)
    expect(sentSince()).toEqual([])
    clock.advance(1)
    expect([sentSince(), clock.armed, link.deliveredBytes]).toEqual([['a'], 0, 1])
  })

  test('a datagram is released once all faults that delay it are removed', () => {
    const { say, apply, clock, sentSince } = flowOf()
    const [one, other] = [apply(late(10)), apply(late(10))]
    say('a')
    one.remove()
    expect(sentSince()).toEqual([])
    other.remove()
    expect([sentSince(), clock.armed]).toEqual([['a'], 0])
  })

  test('a reordered datagram is sent after the given number of other datagrams, or at its time limit', () => {
    const { say, apply, clock, sentSince } = flowOf()
    const rule = apply({ ...behind(2, 50), when: { nth: 1 } })
    expect(say('a', 'b')).toEqual(['b'])
    expect([say('c'), clock.armed]).toEqual([['c', 'a'], 0])
    rule.remove()
    apply({ ...behind(2, 50), when: { nth: 1 } })
    expect(say('d', 'e')).toEqual(['e'])
    clock.advance(50)
    expect([sentSince(), say('f')]).toEqual([['d'], ['f']])
  })

  test('a delayed and reordered datagram waits for its delay plus the time limit of the reordering', () => {
    const { say, apply, clock, sentSince } = flowOf()
    apply(late(10))
    apply(behind(9, 50))
    say('a')
    clock.advance(59)
    expect(sentSince()).toEqual([])
    clock.advance(1)
    expect(sentSince()).toEqual(['a'])
  })

  test('a datagram that has to wait is lost if no memory is left', () => {
    const { say, apply, clock, sentSince, link, allowance } = flowOf({ allowance: { freeBytes: 5 } })
    apply(late(10))
    say('abc', 'de', 'f')
    expect([allowance.freeBytes, link.droppedBytes]).toEqual([0, 1])
    clock.advance(10)
    expect([sentSince(), allowance.freeBytes]).toEqual([['abc', 'de'], 5])
  })

  test('a datagram is not sent after the end of its session, and its memory is freed', () => {
    const { flow, say, apply, clock, sentSince, allowance, link } = flowOf()
    apply(late(10))
    say('abc')
    flow.close()
    expect([clock.armed, allowance.freeBytes, sentSince()]).toEqual([0, 1000, []])
    expect(link.statistics()).toMatchObject({ connections: 1, liveConnections: 0 })
  })

  test('a fault with a client filter acts only on datagrams of this client', () => {
    const { say, apply } = flowOf()
    apply({ kind: 'drop-datagram', when: { client: '10.0.0.8' } })
    expect(say('a')).toEqual(['a'])
    apply({ kind: 'drop-datagram', when: { client: '10.0.0.0/8' } })
    expect(say('b')).toEqual([])
  })

  test('a corrupted datagram has the given number of flipped bits, or none if it is empty', () => {
    const flipped = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const { say, apply } = flowOf({ seed })
      apply({ kind: 'corrupt-datagram', bits: 1 })
      expect(say('')).toEqual([''])
      flipped.add(say('\0\0')[0] ?? '')
    }
    const bits = [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => String.fromCharCode(bit))
    expect([...flipped].toSorted()).toEqual(
      [...bits.map((bit) => `\0${bit}`), ...bits.map((bit) => `${bit}\0`)].toSorted(),
    )
    const { say, apply } = flowOf()
    apply({ kind: 'corrupt-datagram', bits: 3 })
    const [text = ''] = say('\0'.repeat(1000))
    expect([...text].filter((character) => character !== '\0')).toHaveLength(3)
  })
})
