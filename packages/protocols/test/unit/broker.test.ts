import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok } from '../nodes.ts'

const protocol = findProtocol('broker')!
type Settings = Parameters<typeof protocol.create>[0]['settings']
/** n1 is the broker. */
const three = (settings: Settings = {}, bug?: string) =>
  createNodes(protocol.create({ bug, object: 'queue', settings }), ['n1', 'n2', 'n3'])
type Nodes = ReturnType<typeof three>

const enqueue = (value: number) => ({ f: 'enqueue', key: 'x', value })
const dequeue = { f: 'dequeue', key: 'x', value: null }
const drain = { f: 'drain', key: 'x', value: null }
const isOf =
  (type: string) =>
  ({ message }: { readonly message: { readonly type: string } }) =>
    message.type === type
const without = (type: string) => (letter: Parameters<ReturnType<typeof isOf>>[0]) => !isOf(type)(letter)

function fill(nodes: Nodes, ...values: readonly number[]) {
  for (const value of values) expect(nodes.answer('n2', enqueue(value))).toEqual(ok(value))
}

function askAgain(nodes: Nodes, id: string, afterMs: number) {
  nodes.pass(afterMs)
  nodes.ring(id, 'again')
  nodes.deliver()
}

test('a queue is first in, first out, and an empty one answers null', () => {
  for (const delivery of ['at-most-once', 'at-least-once', 'exactly-once']) {
    const nodes = three({ delivery })
    fill(nodes, 1, 2)
    expect([1, 2, 3].map(() => nodes.answer('n3', dequeue))).toEqual([ok(1), ok(2), ok(null)])
  }
})

test('at most once: a message whose reply is lost is gone, and its consumer takes the queue for empty', () => {
  const nodes = three({ delivery: 'at-most-once' })
  fill(nodes, 1)
  const asked = nodes.ask('n3', dequeue)
  nodes.deliver(without('fetched'))
  nodes.lose()
  askAgain(nodes, 'n3', 500)
  expect(nodes.reply(asked)).toEqual(ok(null))
  expect(nodes.answer('n2', drain)).toEqual(ok([]))
})

test('at least once: a message that was passed on but not settled comes again after its visibility timeout', () => {
  const nodes = three({ delivery: 'at-least-once' })
  fill(nodes, 1)
  const asked = nodes.ask('n3', dequeue)
  nodes.deliver(without('settle'))
  nodes.lose()
  expect(nodes.reply(asked)).toEqual(ok(1))
  const next = nodes.ask('n2', dequeue)
  nodes.deliver()
  expect(nodes.reply(next)).toBeUndefined()
  askAgain(nodes, 'n2', 100)
  expect(nodes.reply(next)).toEqual(ok(1))
})

test('a producer that repeats a request adds its message twice, unless requests have keys that survive a restart', () => {
  for (const [delivery, bug, left] of [
    ['at-least-once', undefined, [1, 1]],
    ['exactly-once', undefined, [1]],
    ['exactly-once', 'forget-producers', [1, 1]],
  ] as const) {
    const nodes = three({ delivery }, bug)
    nodes.ask('n2', enqueue(1))
    nodes.deliver(without('did'))
    nodes.lose()
    nodes.kill('n1')
    nodes.restart('n1')
    askAgain(nodes, 'n2', 20)
    expect(nodes.answer('n3', drain)).toEqual(ok(left))
  }
})

test('exactly once: of two consumers with the same message, the later one gets it, unless receipts are not compared', () => {
  for (const [bug, early] of [
    [undefined, undefined],
    ['settle-late', ok(1)],
  ] as const) {
    const nodes = three({}, bug)
    fill(nodes, 1)
    const slow = nodes.ask('n3', dequeue)
    nodes.deliver(without('settle'))
    const [late] = nodes.lose(isOf('settle'))
    nodes.pass(100)
    expect(nodes.answer('n2', dequeue)).toEqual(ok(1))
    nodes.hand(late!)
    nodes.deliver(without('fetched'))
    expect(nodes.reply(slow)).toEqual(early)
  }
})

test('a message that comes again keeps its place; with the bug it goes to the end', () => {
  for (const [bug, first] of [
    [undefined, 1],
    ['redeliver-at-the-end', 2],
  ] as const) {
    const nodes = three({}, bug)
    fill(nodes, 1, 2)
    nodes.ask('n3', dequeue)
    nodes.deliver(without('settle'))
    nodes.kill('n3')
    nodes.lose()
    nodes.pass(100)
    expect(nodes.answer('n2', dequeue)).toEqual(ok(first))
  }
})

test('a queue is not reported as empty while all its messages are in flight', () => {
  for (const [bug, said] of [
    [undefined, undefined],
    ['empty-while-in-flight', ok(null)],
  ] as const) {
    const nodes = three({}, bug)
    fill(nodes, 1)
    nodes.ask('n3', dequeue)
    nodes.deliver(without('settle'))
    const asked = nodes.ask('n2', dequeue)
    nodes.deliver(without('settle'))
    expect(nodes.reply(asked)).toEqual(said)
  }
})

test('a drain waits for messages in flight, and a repeated drain gets the same answer', () => {
  const nodes = three()
  fill(nodes, 1, 2)
  nodes.ask('n3', dequeue)
  nodes.deliver(without('settle'))
  nodes.kill('n3')
  nodes.lose()
  const asked = nodes.ask('n2', drain)
  nodes.deliver()
  expect(nodes.reply(asked)).toBeUndefined()
  nodes.pass(100)
  nodes.ring('n2', 'again')
  nodes.deliver(without('did'))
  nodes.lose()
  askAgain(nodes, 'n2', 20)
  expect(nodes.reply(asked)).toEqual(ok([1, 2]))
})

test('the promised level of a broker depends on its object and its delivery', () => {
  const promises = (object: string) =>
    ['at-most-once', 'at-least-once', 'exactly-once'].map((delivery) => protocol.promises(object, { delivery }))
  expect(promises('queue')).toEqual(['none', 'eventual', 'linearizable'])
  expect(promises('log')).toEqual(['linearizable', 'none', 'linearizable'])
  expect(protocol.promises('queue', { ordered: false })).toBe('eventual')
})

const pushing = (settings: Settings = {}, bug?: string, object = 'register') =>
  createNodes(protocol.create({ bug, object, settings: { topics: 'push', ...settings } }), ['n1', 'n2', 'n3'])
const write = (value: number) => ({ f: 'write', key: 'x', value })
const read = { f: 'read', key: 'x', value: null }
const readBy = (nodes: Nodes) => ['n1', 'n2', 'n3'].map((id) => nodes.answer(id, read))

test('every subscriber has its own copy of a topic, which lacks changes that its link has not delivered', () => {
  const nodes = pushing()
  nodes.ask('n2', write(1))
  nodes.deliver(({ message, to }) => message.type !== 'publish' || to === 'n2')
  expect(nodes.reply(nodes.ask('n2', read))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n3', read))).toEqual(ok(null))
  nodes.deliver()
  expect(readBy(nodes)).toEqual([ok(1), ok(1), ok(1)])
})

test('an unacknowledged change is sent again, even after a restart, unless delivery is at most once', () => {
  for (const [delivery, there] of [
    ['at-most-once', null],
    ['at-least-once', 1],
    ['exactly-once', 1],
  ] as const) {
    const nodes = pushing({ delivery })
    nodes.ask('n2', write(1))
    nodes.deliver(without('publish'))
    nodes.lose()
    nodes.kill('n1')
    nodes.restart('n1')
    nodes.deliver()
    expect(readBy(nodes)).toEqual([ok(1), ok(there), ok(there)])
  }
})

test('a message whose acknowledgement is lost is applied twice with at-least-once delivery and once with exactly-once', () => {
  for (const [delivery, counted] of [
    ['at-least-once', 2],
    ['exactly-once', 1],
  ] as const) {
    const nodes = pushing({ delivery }, undefined, 'counter')
    nodes.ask('n1', { f: 'add', key: 'x', value: 1 })
    nodes.deliver(({ message, from }) => !(message.type === 'got' && from === 'n2'))
    nodes.lose()
    nodes.kill('n2')
    nodes.restart('n2')
    askAgain(nodes, 'n1', 20)
    nodes.ring('n1', 'push')
    nodes.deliver()
    expect(['n2', 'n3'].map((id) => nodes.answer(id, read))).toEqual([ok(counted), ok(1)])
  }
})

test('with ordered delivery, the next message of a key waits for the message before it', () => {
  for (const [ordered, last] of [
    [true, 2],
    [false, 1],
  ] as const) {
    const nodes = pushing({ ordered })
    nodes.ask('n2', write(1))
    nodes.deliver(without('publish'))
    nodes.lose()
    nodes.ask('n2', write(2))
    nodes.deliver(({ message }) => message.type !== 'publish' || (message as { number: number }).number === 2)
    nodes.deliver()
    expect(nodes.answer('n3', read)).toEqual(ok(last))
  }
})

test('with one-ack-for-all, a change acknowledged by one subscriber never reaches another that missed it', () => {
  for (const [bug, there] of [
    [undefined, 1],
    ['one-ack-for-all', null],
  ] as const) {
    const nodes = pushing({}, bug)
    nodes.ask('n2', write(1))
    nodes.deliver(({ message, to }) => !(message.type === 'publish' && to === 'n3'))
    nodes.lose()
    nodes.ring('n1', 'push')
    nodes.deliver()
    expect(nodes.answer('n3', read)).toEqual(ok(there))
  }
})
