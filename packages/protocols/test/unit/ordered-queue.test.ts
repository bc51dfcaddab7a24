import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('ordered-queue')!
const three = (bug?: string) => createNodes(protocol.create({ bug, settings: {} }), ['n1', 'n2', 'n3'])

test('a writer waits until its own node has applied its write, and waits for no other node', () => {
  const nodes = three()
  const written = nodes.ask('n2', write('x', 1))
  nodes.deliver(({ to }) => to === 'n1')
  expect(nodes.reply(written)).toBeUndefined()
  nodes.deliver(({ to }) => to === 'n2')
  expect(nodes.reply(written)).toEqual(ok(1))
  expect(nodes.answer('n2', read('x'))).toEqual(ok(1))
})

test('one reader may see a write that a later reader misses, which is sequential and not linearizable', () => {
  const nodes = three()
  nodes.lose()
  nodes.ask('n1', write('x', 1))
  nodes.deliver(({ to }) => to === 'n2')
  const first = nodes.ask('n2', read('x'))
  const second = nodes.ask('n3', read('x'))
  expect([nodes.reply(first), nodes.reply(second)]).toEqual([ok(1), ok(null)])
  nodes.deliver()
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
})

test('all nodes apply updates in one order, even if a message was lost', () => {
  const nodes = three()
  nodes.ask('n1', write('x', 1))
  nodes.lose(({ to }) => to === 'n3')
  nodes.ask('n1', write('x', 2))
  nodes.deliver()
  expect(nodes.answer('n3', read('x'))).toEqual(ok(null))
  nodes.ring('n1', 'again')
  nodes.deliver()
  expect(nodes.answer('n3', read('x'))).toEqual(ok(2))
})

test('a repeated proposal is applied once, and a lost one is proposed again', () => {
  const nodes = three()
  const add = nodes.ask('n2', { f: 'append', key: 'x', value: 'a' })
  expect(nodes.lose()).toHaveLength(1)
  nodes.ring('n2', 'again')
  nodes.ring('n2', 'again')
  nodes.deliver()
  expect(nodes.reply(add)).toEqual(ok('a'))
  expect(nodes.answer('n1', read('x'))).toEqual(ok('a'))
})

test('reads do not go back after a restart of a replica or of the ordering node', () => {
  const nodes = three()
  nodes.answer('n2', write('x', 1))
  for (const id of ['n1', 'n2']) {
    nodes.kill(id)
    nodes.restart(id)
    expect(nodes.reply(nodes.ask(id, read('x')))).toEqual(ok(1))
  }
  expect(nodes.answer('n3', write('x', 2))).toEqual(ok(2))
})

test('ordered-queue promises a level only to clients that stay with one node', () => {
  expect(protocol.promises('register', {})).toBe('sequential')
  expect(protocol.sticky).toBe(true)
})
