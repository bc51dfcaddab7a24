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

test('a queue delivers messages in the order of arrival, and answers null when it is empty', () => {
  for (const delivery of ['at-most-once', 'at-least-once', 'exactly-once']) {
    const nodes = three({ delivery })
    fill(nodes, 1, 2)
    expect([1, 2, 3].map(() => nodes.answer('n3', dequeue))).toEqual([ok(1), ok(2), ok(null)])
  }
})

test('with at-most-once delivery, a message is lost with the reply that carries it', () => {
  const nodes = three({ delivery: 'at-most-once' })
  fill(nodes, 1)
  const request = nodes.ask('n3', dequeue)
  nodes.deliver(without('fetched'))
  nodes.lose()
  askAgain(nodes, 'n3', 500)
  expect(nodes.reply(request)).toEqual(ok(null))
  expect(nodes.answer('n2', drain)).toEqual(ok([]))
})

test('with at-least-once delivery, an unsettled message is delivered again after its visibility timeout', () => {
  const nodes = three({ delivery: 'at-least-once' })
  fill(nodes, 1)
  const request = nodes.ask('n3', dequeue)
  nodes.deliver(without('settle'))
  nodes.lose()
  expect(nodes.reply(request)).toEqual(ok(1))
  const next = nodes.ask('n2', dequeue)
  nodes.deliver()
  expect(nodes.reply(next)).toBeUndefined()
  askAgain(nodes, 'n2', 100)
  expect(nodes.reply(next)).toEqual(ok(1))
})

test('a repeated enqueue adds its message twice, except with exactly-once delivery and durable request keys', () => {
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

test('with exactly-once delivery, a consumer that settles after the timeout gets no message, except with the bug settle-late', () => {
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

test('a redelivered message keeps its place in the queue, except with the bug redeliver-at-the-end', () => {
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

test('an empty queue with messages in flight is reported as empty only with the bug empty-while-in-flight', () => {
  for (const [bug, message] of [
    [undefined, undefined],
    ['empty-while-in-flight', ok(null)],
  ] as const) {
    const nodes = three({}, bug)
    fill(nodes, 1)
    nodes.ask('n3', dequeue)
    nodes.deliver(without('settle'))
    const request = nodes.ask('n2', dequeue)
    nodes.deliver(without('settle'))
    expect(nodes.reply(request)).toEqual(message)
  }
})

test('a drain waits for messages in flight, and a repeated drain gets the same answer', () => {
  const nodes = three()
  fill(nodes, 1, 2)
  nodes.ask('n3', dequeue)
  nodes.deliver(without('settle'))
  nodes.kill('n3')
  nodes.lose()
  const request = nodes.ask('n2', drain)
  nodes.deliver()
  expect(nodes.reply(request)).toBeUndefined()
  nodes.pass(100)
  nodes.ring('n2', 'again')
  nodes.deliver(without('did'))
  nodes.lose()
  askAgain(nodes, 'n2', 20)
  expect(nodes.reply(request)).toEqual(ok([1, 2]))
})

test('the level that a broker promises depends on whether it serves a queue or a log, and on its delivery guarantee', () => {
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

test('a subscriber reads its own copy, which lacks changes that were not delivered to this subscriber', () => {
  const nodes = pushing()
  nodes.ask('n2', write(1))
  nodes.deliver(({ message, to }) => message.type !== 'publish' || to === 'n2')
  expect(nodes.reply(nodes.ask('n2', read))).toEqual(ok(1))
  expect(nodes.reply(nodes.ask('n3', read))).toEqual(ok(null))
  nodes.deliver()
  expect(readBy(nodes)).toEqual([ok(1), ok(1), ok(1)])
})

test('an unacknowledged change is sent again after a restart, except with at-most-once delivery', () => {
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

test('a change whose acknowledgement is lost is applied twice with at-least-once delivery, and once with exactly-once delivery', () => {
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

test('with ordered delivery, a subscriber does not apply a change before the earlier changes of its key', () => {
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

test('with the bug one-ack-for-all, an acknowledgement by one subscriber ends redelivery to the other subscribers', () => {
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
