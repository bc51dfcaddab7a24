import { describe, expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('commit-wait')!
/** n1 owns x; clocks are right until a test changes them. */
const three = (order: string, bug?: string) =>
  createNodes(protocol.create({ bug, settings: { order, 'epsilon-ms': 10, 'skew-ms': 0.001 } }), ['n1', 'n2', 'n3'])
type Nodes = ReturnType<typeof three>
const commit = (nodes: Nodes) => nodes.ring('n1', 'commit x')

test('commit-wait answers a write after twice epsilon, when the time of the write has passed on every clock', () => {
  const nodes = three('commit-wait')
  const written = nodes.ask('n2', write('x', 1))
  nodes.deliver()
  for (const ms of [0, 10, 9.9]) {
    nodes.pass(ms)
    commit(nodes)
    nodes.deliver()
    expect(nodes.reply(written)).toBeUndefined()
  }
  nodes.pass(0.2)
  commit(nodes)
  nodes.deliver()
  expect(nodes.reply(written)).toEqual(ok(1))
})

test('with commit-wait, a read sees a write that is still waiting, and the answer to the read is delayed as well', () => {
  const nodes = three('commit-wait')
  nodes.ask('n2', write('x', 1))
  nodes.deliver()
  const seen = nodes.ask('n3', read('x'))
  nodes.deliver()
  expect(nodes.reply(seen)).toBeUndefined()
  nodes.pass(21)
  commit(nodes)
  nodes.deliver()
  // The read returns the written value, although the timestamp of the write was later than the reader's clock when the
  // read began.
  expect(nodes.reply(seen)).toEqual(ok(1))
})

describe.each(['commit-wait', 'uncertainty-interval'])('the protocol commit-wait with order=%s', (order) => {
  const afterWrite = (skews: { readonly [node: string]: number }, bug?: string) => {
    const nodes = three(order, bug)
    for (const [node, ms] of Object.entries(skews)) nodes.jump(ms, [node])
    const written = nodes.ask('n2', write('x', 1))
    nodes.deliver()
    if (order === 'commit-wait' && bug !== 'no-wait') {
      nodes.pass(21)
      commit(nodes)
      nodes.deliver()
    }
    expect(nodes.reply(written)).toEqual(ok(1))
    return nodes.answer('n3', read('x'))
  }
  const within = { n1: 9.9, n2: 9.9, n3: -9.9 }
  const beyond = { n1: 40, n2: 40, n3: -40 }

  test('commit-wait returns the newest answered write to a read if clocks differ by at most epsilon', () => {
    expect(afterWrite({})).toEqual(ok(1))
    expect(afterWrite(within)).toEqual(ok(1))
  })

  test('commit-wait returns a stale read after an answered write if clocks differ by more than epsilon', () => {
    expect(afterWrite(beyond)).toEqual(ok(null))
  })

  test('with the bug no-wait or trust-clock, a stale read occurs although clocks differ by at most epsilon', () => {
    expect(afterWrite(within, order === 'commit-wait' ? 'no-wait' : 'trust-clock')).toEqual(ok(null))
  })
})

test('commit-wait extends the wait of a write if the clock is set back', () => {
  const nodes = three('commit-wait')
  const written = nodes.ask('n1', write('x', 1))
  nodes.pass(21)
  nodes.jump(-100, ['n1'])
  commit(nodes)
  expect(nodes.reply(written)).toBeUndefined()
  nodes.pass(101)
  commit(nodes)
  expect(nodes.reply(written)).toEqual(ok(1))
})

test('commit-wait keeps versions across a restart of their owner, and applies a duplicated request once', () => {
  const nodes = three('uncertainty-interval')
  const request = nodes.ask('n2', { f: 'cas', key: 'x', value: [null, 1] })
  const [letter] = nodes.lose()
  nodes.hand(letter!)
  nodes.hand(letter!)
  nodes.deliver()
  expect(nodes.reply(request)).toEqual(ok([null, 1]))
  nodes.kill('n1')
  nodes.restart('n1')
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
})

test('commit-wait promises linearizable only while clocks differ by at most epsilon', () => {
  expect(protocol.promises('register', {})).toBe('linearizable')
  expect(protocol.promises('register', { 'skew-ms': 40, 'epsilon-ms': 40 })).toBe('linearizable')
  expect(protocol.promises('register', { 'skew-ms': 40 })).toBe('none')
})
