import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('ordered-queue')!
const three = (bug?: string) => createNodes(protocol.create({ bug, settings: {} }), ['n1', 'n2', 'n3'])

test('ordered-queue answers a write once the node of its client has applied it, without waiting for other nodes', () => {
  const nodes = three()
  const written = nodes.ask('n2', write('x', 1))
  nodes.deliver(({ to }) => to === 'n1')
  expect(nodes.reply(written)).toBeUndefined()
  nodes.deliver(({ to }) => to === 'n2')
  expect(nodes.reply(written)).toEqual(ok(1))
  expect(nodes.answer('n2', read('x'))).toEqual(ok(1))
})

test('ordered-queue lets a read miss a write that an earlier read at another node saw', () => {
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

test('ordered-queue applies updates in one order on all nodes, even after a lost message', () => {
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

test('ordered-queue repeats a lost proposal, and applies a repeated proposal once', () => {
  const nodes = three()
  const add = nodes.ask('n2', { f: 'append', key: 'x', value: 'a' })
  expect(nodes.lose()).toHaveLength(1)
  nodes.ring('n2', 'again')
  nodes.ring('n2', 'again')
  nodes.deliver()
  expect(nodes.reply(add)).toEqual(ok('a'))
  expect(nodes.answer('n1', read('x'))).toEqual(ok('a'))
})

test('ordered-queue does not lose applied writes in a restart of a replica or of the ordering node', () => {
  const nodes = three()
  nodes.answer('n2', write('x', 1))
  for (const id of ['n1', 'n2']) {
    nodes.kill(id)
    nodes.restart(id)
    expect(nodes.reply(nodes.ask(id, read('x')))).toEqual(ok(1))
  }
  expect(nodes.answer('n3', write('x', 2))).toEqual(ok(2))
})

test('ordered-queue promises the level sequential, and requires sticky clients', () => {
  expect(protocol.promises('register', {})).toBe('sequential')
  expect(protocol.sticky).toBe(true)
})
