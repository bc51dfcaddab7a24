import type { Input } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('redlock')!
const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5']
type Options = Parameters<typeof protocol.create>[0]

const five = ({ bug, object = 'lock', settings = {} }: Partial<Options> = {}) =>
  createNodes(protocol.create({ bug, object, settings }), FIVE)

const acquire: Input = { f: 'acquire', key: 'x', value: null }
const release = (value: unknown): Input => ({ f: 'release', key: 'x', value }) as Input
const held = { type: 'fail', error: 'held', answered: true }
const tokenOf = (completion: unknown) => (completion as { readonly value: unknown }).value

test('a client that holds a lock excludes other clients until it releases the lock', () => {
  const nodes = five()
  const first = nodes.answer('n1', acquire)
  expect(first).toMatchObject({ type: 'ok' })
  expect(nodes.answer('n2', acquire)).toEqual(held)
  expect(nodes.answer('n1', release(tokenOf(first)))).toMatchObject({ type: 'ok' })
  expect(nodes.answer('n2', acquire)).toMatchObject({ type: 'ok' })
})

test('a lock needs a majority of masters, except with the bug no-majority', () => {
  const with3 = (bug?: string) => {
    const nodes = five({ bug })
    const [one, two] = [nodes.ask('n1', acquire), nodes.ask('n5', acquire)]
    nodes.lose(({ from, to }) => ['n3', 'n4', 'n5'].includes(to) !== ['n3', 'n4', 'n5'].includes(from))
    nodes.deliver()
    return [nodes.reply(one)?.type, nodes.reply(two)?.type]
  }
  expect(with3()).toEqual([undefined, 'ok'])
  expect(with3('no-majority')).toEqual(['ok', 'ok'])
})

test('the time needed to acquire a lock is subtracted from the time to live of the lock', () => {
  const late = (bug?: string) => {
    const nodes = five({ bug, settings: { 'ttl-ms': 100, 'attempt-ms': 500 } })
    const request = nodes.ask('n1', acquire)
    nodes.pass(90)
    nodes.deliver()
    return nodes.reply(request)
  }
  // The error is not `held`, because no client holds the lock.
  expect(late()).toEqual({ type: 'fail', error: 'unavailable' })
  expect(late('validity-not-subtracted')).toMatchObject({ type: 'ok' })
})

test('only the holder can release a lock', () => {
  const second = (bug?: string) => {
    const nodes = five({ bug })
    nodes.answer('n1', acquire)
    expect(nodes.answer('n2', release('somebody'))).toEqual({ type: 'fail', error: 'not held', answered: true })
    return nodes.answer('n3', acquire)
  }
  expect(second()).toEqual(held)
  expect(second('release-any')).toMatchObject({ type: 'ok' })
})

test('a restarted master of redlock still has its keys, except with the bug forget-on-restart', () => {
  const second = (bug?: string) => {
    const nodes = five({ bug })
    nodes.answer('n1', acquire)
    for (const id of ['n3', 'n4', 'n5']) {
      nodes.kill(id)
      nodes.restart(id)
    }
    return nodes.answer('n2', acquire)
  }
  expect(second()).toEqual(held)
  expect(second('forget-on-restart')).toMatchObject({ type: 'ok' })
})

test('with fencing, each holder gets a higher token than earlier holders', () => {
  const nodes = five({ settings: { fencing: true } })
  for (const token of [1, 2, 3]) {
    expect(nodes.answer('n2', acquire)).toEqual(ok(token))
    expect(nodes.answer('n4', release(token))).toEqual(ok(token))
  }
})

test('without fencing, a late write overwrites a newer write; with fencing, redlock refuses the late write', () => {
  const afterwards = (fencing: boolean) => {
    const nodes = five({ object: 'register', settings: { fencing, 'ttl-ms': 100 } })
    nodes.ask('n2', write('x', 1))
    nodes.deliver(({ message }) => message.type !== 'store')
    const [late] = nodes.lose()
    nodes.pass(100)
    for (const id of FIVE) nodes.ring(id, 'expire x')
    nodes.answer('n3', write('x', 2))
    nodes.hand(late!)
    nodes.deliver()
    return nodes.answer('n4', read('x'))
  }
  expect(afterwards(false)).toEqual(ok(1))
  expect(afterwards(true)).toEqual(ok(2))
})

test('redlock refuses an even number of masters', () => {
  expect(protocol.impossible?.({}, 4)).toMatch('use an odd number')
  expect(protocol.impossible?.({}, 5)).toBeUndefined()
})
