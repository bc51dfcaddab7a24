import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import type { LeaseLockState } from '../../src/lease-lock/state.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('lease-lock')!
type Settings = Parameters<typeof protocol.create>[0]['settings']
/** n1 is the lock service, n2 the store. */
const four = (settings: Settings = {}, bug?: string) =>
  createNodes(protocol.create({ bug, settings }), ['n1', 'n2', 'n3', 'n4'])
type Nodes = ReturnType<typeof four>

const append = (value: string) => ({ f: 'append', key: 'x', value })
const isStore = ({ message }: { readonly message: { readonly type: string } }) => message.type === 'store'

/**
 * n3 holds the lock and sends its result, which is in transit for longer than the lease. Meanwhile, n4 gets the lock.
 */
function lateStore(nodes: Nodes) {
  const early = nodes.ask('n3', append('a'))
  nodes.deliver((letter) => !isStore(letter))
  const [late] = nodes.lose(isStore)
  nodes.pass(150)
  expect(nodes.answer('n4', append('b'))).toEqual(ok('b'))
  nodes.hand(late!)
  nodes.deliver()
  return early
}

test('lease-lock admits one worker at a time, and each worker sees what the previous worker stored', () => {
  const nodes = four()
  const both = [nodes.ask('n3', append('a')), nodes.ask('n4', append('b'))]
  nodes.deliver()
  expect(both.map(nodes.reply)).toEqual([ok('a'), undefined])
  nodes.ring('n4', 'again')
  nodes.deliver()
  expect(both.map(nodes.reply)).toEqual([ok('a'), ok('b')])
  expect(nodes.answer('n1', read('x'))).toEqual(ok('ab'))
})

test('the lock of a killed holder becomes free when its lease ends, and not earlier', () => {
  const nodes = four()
  nodes.ask('n3', write('x', 1))
  nodes.deliver(({ to, message }) => to === 'n1' || message.type === 'granted')
  nodes.kill('n3')
  nodes.lose()
  nodes.pass(99)
  const waiting = nodes.ask('n4', write('x', 2))
  nodes.deliver()
  expect(nodes.reply(waiting)).toBeUndefined()
  nodes.pass(1)
  nodes.ring('n4', 'again')
  nodes.deliver()
  expect(nodes.reply(waiting)).toEqual(ok(2))
})

test('with fencing, lease-lock refuses a late write, and the client of this write gets an unknown outcome', () => {
  const nodes = four()
  expect(nodes.reply(lateStore(nodes))).toMatchObject({ type: 'info' })
  expect(nodes.answer('n2', read('x'))).toEqual(ok('b'))
})

test('without fencing, the late write of a lock holder overwrites the write of the next holder, with either clock', () => {
  for (const clock of ['wall', 'monotonic']) {
    const nodes = four({ fencing: false, clock })
    expect(nodes.reply(lateStore(nodes))).toEqual(ok('a'))
    expect(nodes.answer('n2', read('x'))).toEqual(ok('a'))
  }
})

test('after a clock jump, the lock service grants a held lock again with the wall clock, but not with the monotonic clock', () => {
  const granted = (clock: string) => {
    const nodes = four({ clock })
    nodes.ask('n3', append('a'))
    nodes.deliver(({ message }) => message.type === 'acquire')
    nodes.jump(10_000, ['n1'])
    nodes.ask('n4', append('b'))
    nodes.deliver(({ message }) => message.type === 'acquire')
    return nodes.lose(({ message }) => message.type === 'granted').map(({ to }) => to)
  }
  expect(granted('wall')).toEqual(['n3', 'n4'])
  expect(granted('monotonic')).toEqual(['n3'])
})

test('without fencing, a holder whose lease has expired on its own clock stores nothing and acquires the lock again', () => {
  const nodes = four({ fencing: false })
  const request = nodes.ask('n3', append('a'))
  nodes.deliver(({ message }) => message.type !== 'loaded')
  nodes.pass(90)
  nodes.deliver(({ message }) => message.type === 'loaded')
  expect(nodes.lose(isStore)).toEqual([])
  expect(nodes.reply(request)).toBeUndefined()
  nodes.deliver()
  expect(nodes.reply(request)).toEqual(ok('a'))
})

test('fencing tokens grow even across a restart of the lock service, and the restart prolongs every lease', () => {
  const nodes = four()
  const tokens = () => [...(nodes.state('n1') as LeaseLockState).locks.values()].map(({ token }) => token)
  nodes.answer('n3', write('x', 1))
  expect(tokens()).toEqual([1])
  nodes.ask('n3', write('x', 2))
  nodes.deliver(({ message }) => message.type === 'acquire')
  nodes.kill('n1')
  nodes.pass(1_000)
  nodes.restart('n1')
  const next = nodes.ask('n4', write('x', 3))
  nodes.deliver(({ from }) => from === 'n4')
  expect(tokens()).toEqual([2])
  nodes.pass(100)
  nodes.ring('n4', 'again')
  nodes.deliver()
  expect(tokens()).toEqual([3])
  expect(nodes.reply(next)).toEqual(ok(3))
})

test('lease-lock promises a level only with fencing', () => {
  expect(protocol.promises('register', {})).toBe('linearizable')
  expect(protocol.promises('register', { clock: 'wall' })).toBe('linearizable')
  expect(protocol.promises('register', { fencing: false })).toBe('none')
})
