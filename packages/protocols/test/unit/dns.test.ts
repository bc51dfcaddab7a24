import { expect, test } from 'vitest'
import { isLater, nextSerial } from '../../src/dns/zone.ts'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('dns')!
const unavailable = { type: 'fail', error: 'unavailable' }

/** n1 is the primary, n2 a secondary, n3 and n4 are resolvers. */
function zone({
  bug,
  ...settings
}: {
  bug?: string | undefined
  [setting: string]: string | number | boolean | undefined
} = {}) {
  const nodes = createNodes(protocol.create({ bug, settings: settings as never }), ['n1', 'n2', 'n3', 'n4'])
  nodes.deliver()
  return nodes
}

test('zone serials wrap around, and are compared as in RFC 1982', () => {
  expect(nextSerial(2 ** 32 - 1)).toBe(0)
  expect(isLater(0, 2 ** 32 - 1)).toBe(true)
  expect(isLater(2 ** 32 - 1, 0)).toBe(false)
  expect(isLater(7, 7)).toBe(false)
  expect(isLater(7, 6)).toBe(true)
})

test('a DNS update reaches the secondary by notification and zone transfer after the primary has answered', () => {
  const nodes = zone()
  expect(nodes.answer('n4', write('x', 1))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n1', read('x')))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n2', read('x')))).toEqual(ok(1))
})

test('a secondary catches up with a lost notification at its next refresh, even if the serial has wrapped', () => {
  const nodes = zone()
  for (const value of [1, 2, 3, 4]) {
    nodes.ask('n1', write('x', value))
    nodes.lose()
    expect(nodes.reply(nodes.ask('n2', read('x')))).not.toEqual(ok(value))
    nodes.ring('n2', 'again')
    nodes.deliver()
    expect(nodes.reply(nodes.ask('n2', read('x')))).toEqual(ok(value))
  }
})

test('a resolver answers from its cache exactly until the time to live has passed', () => {
  const nodes = zone({ flush: false, 'ttl-ms': 200 })
  nodes.answer('n1', write('x', 1))
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
  nodes.answer('n1', write('x', 2))
  nodes.pass(199)
  expect(nodes.reply(nodes.ask('n3', read('x')))).toEqual(ok(1))
  nodes.pass(1)
  expect(nodes.answer('n3', read('x'))).toEqual(ok(2))
})

test('a resolver caches the absence of a name for the negative time to live', () => {
  const nodes = zone({ flush: false })
  expect(nodes.answer('n3', read('x'))).toEqual(ok(null))
  nodes.answer('n1', write('x', 1))
  expect(nodes.answer('n3', read('x'))).toEqual(ok(null))
  nodes.pass(100)
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
})

test('a resolver that fills its cache from another cache keeps only the remaining time to live', () => {
  const left = (bug?: string) => {
    const nodes = zone({ flush: false, bug })
    nodes.answer('n1', write('x', 1))
    nodes.answer('n3', read('x'))
    nodes.pass(150)
    nodes.answer('n4', read('x'))
    nodes.answer('n1', write('x', 2))
    nodes.pass(60)
    return nodes.answer('n4', read('x'))
  }
  expect(left()).toEqual(ok(2))
  expect(left('ttl-anew')).toEqual(ok(1))
})

test('a resolver does not refill a flushed name from a secondary that lacks the update', () => {
  const refilled = (bug?: string) => {
    const nodes = zone({ forwarding: false, bug })
    nodes.answer('n1', write('x', 1))
    nodes.answer('n3', read('x'))
    nodes.ask('n1', write('x', 2))
    nodes.lose(({ to }) => to === 'n2')
    nodes.deliver()
    return nodes.answer('n3', read('x'))
  }
  expect(refilled()).toEqual(ok(2))
  expect(refilled('refill-from-stale')).toEqual(ok(1))
})

test('a secondary that cannot reach the primary refuses reads once its zone has expired', () => {
  const nodes = zone({ 'expire-ms': 1_000 })
  nodes.answer('n1', write('x', 1))
  nodes.pass(1_001)
  expect(nodes.reply(nodes.ask('n2', read('x')))).toEqual(unavailable)
  nodes.ring('n2', 'again')
  nodes.deliver()
  expect(nodes.reply(nodes.ask('n2', read('x')))).toEqual(ok(1))
})

test('a late duplicate of a DNS update changes nothing', () => {
  const nodes = zone()
  nodes.ask('n3', write('x', 1))
  const [update] = nodes.lose(({ to }) => to === 'n1')
  nodes.hand(update!)
  nodes.answer('n1', write('x', 2))
  nodes.hand(update!)
  expect(nodes.reply(nodes.ask('n1', read('x')))).toEqual(ok(2))
})

test('the protocol dns refuses a number of secondaries that leaves no node for the primary', () => {
  expect(protocol.impossible?.({ secondaries: 4 }, 4)).toMatch('4 secondaries and a primary are more than 4 nodes')
  expect(protocol.impossible?.({}, 4)).toBeUndefined()
})
