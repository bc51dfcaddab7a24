import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read } from '../nodes.ts'

const protocol = findProtocol('outbox')!
type Settings = Parameters<typeof protocol.create>[0]['settings']
/** n1 is the database; n2 is the queue, with the view built from its events; clients of n3 read this view. */
const three = (settings: Settings = {}, bug?: string) =>
  createNodes(protocol.create({ bug, object: 'counter', settings }), ['n1', 'n2', 'n3'])
type Nodes = ReturnType<typeof three>

const add = { f: 'add', key: 'x', value: 1 }
const isOf =
  (...types: readonly string[]) =>
  ({ message }: { readonly message: { readonly type: string } }) =>
    types.includes(message.type)
/** The answers of the database and of the view. */
const both = (nodes: Nodes) => [nodes.answer('n1', read('x')), nodes.answer('n3', read('x'))]

test('outbox answers a write as soon as the database has committed it, before the view shows the write', () => {
  const nodes = three()
  const request = nodes.ask('n3', add)
  nodes.deliver(isOf('commit', 'committed'))
  expect(nodes.reply(request)).toEqual(ok(1))
  nodes.deliver()
  expect(both(nodes)).toEqual([ok(1), ok(1)])
})

test('the relay repeats events until they are confirmed, even after a restart of the database', () => {
  for (const restart of [false, true]) {
    const nodes = three()
    nodes.ask('n3', add)
    nodes.deliver((letter) => !isOf('events')(letter))
    nodes.lose()
    expect(nodes.status('n1')).toMatchObject({ owes: true })
    if (restart) {
      nodes.kill('n1')
      nodes.restart('n1')
    } else nodes.ring('n1', 'relay')
    expect(both(nodes)).toEqual([ok(1), ok(1)])
    expect(nodes.status('n1')).toMatchObject({ owes: false })
  }
})

test('the consumer applies a repeated event once, except with the bug apply-repeats', () => {
  for (const [bug, count] of [
    [undefined, 1],
    ['apply-repeats', 2],
  ] as const) {
    const nodes = three({}, bug)
    nodes.ask('n3', add)
    nodes.deliver((letter) => !isOf('received')(letter))
    nodes.lose()
    nodes.ring('n1', 'relay')
    expect(both(nodes)).toEqual([ok(1), ok(count)])
  }
})

test('with the bug forget-on-send, the relay loses an event if the message with the event is lost', () => {
  const nodes = three({}, 'forget-on-send')
  nodes.ask('n3', add)
  nodes.deliver((letter) => !isOf('events')(letter))
  nodes.lose()
  nodes.ring('n1', 'relay')
  expect(both(nodes)).toEqual([ok(1), ok(0)])
})

test('a crash during a dual write loses an event or adds a false event, depending on the order of the writes', () => {
  for (const [order, passed, seen] of [
    ['database-then-queue', 'commit', [1, 0]],
    ['queue-then-database', 'publish', [0, 1]],
  ] as const) {
    const nodes = three({ write: order })
    nodes.ask('n3', add)
    nodes.deliver(isOf(passed))
    nodes.kill('n3')
    nodes.lose()
    nodes.restart('n3')
    expect(both(nodes)).toEqual(seen.map(ok))
  }
})

test('an app server without an answer reports a write as info and a read as fail', () => {
  const nodes = three()
  const [written, request] = [nodes.ask('n3', add), nodes.ask('n3', read('x'))]
  nodes.lose()
  nodes.pass(500)
  nodes.ring('n3', 'calls')
  expect([written, request].map(nodes.reply)).toEqual([
    { type: 'info', error: 'no answer' },
    { type: 'fail', error: 'no answer' },
  ])
})

test('the protocol outbox promises eventual, and promises no level with a dual write', () => {
  expect(protocol.promises('counter', {})).toBe('eventual')
  expect(protocol.promises('counter', { write: 'database-then-queue' })).toBe('none')
})
