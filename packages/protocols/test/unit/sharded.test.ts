import type { Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import type { ShardedState } from '../../src/sharded/state.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('sharded')!
const ids = ['n1', 'n2', 'n3']
type Settings = Parameters<typeof protocol.create>[0]['settings']
const three = (settings: Settings = { shards: 1 }, object = 'register') =>
  createNodes(protocol.create({ settings, object }), ids)
type Nodes = ReturnType<typeof three>

const owners = (nodes: Nodes) =>
  ids.filter((id) => ((nodes.state(id) as ShardedState | undefined)?.owned.size ?? 0) > 0)
const is = (type: string) => (letter: { readonly message: { readonly type: string } }) => letter.message.type === type

test('a moving shard keeps its keys, and requests find its new owner', () => {
  const nodes = three()
  expect(owners(nodes)).toEqual(['n1'])
  expect(nodes.answer('n2', write('x', 1))).toEqual(ok(1))
  nodes.ring('n1', 'rebalance')
  nodes.deliver()
  expect(owners(nodes)).not.toEqual(['n1'])
  for (const id of ids) expect(nodes.answer(id, read('x'))).toEqual(ok(1))
})

test('no node serves a shard that is moving, and requests for that shard wait', () => {
  const nodes = three()
  nodes.ring('n1', 'rebalance')
  const [take] = nodes.lose(is('take'))
  expect(owners(nodes)).toEqual([])
  const request = nodes.ask('n1', write('x', 1))
  nodes.deliver()
  expect(nodes.reply(request)).toBeUndefined()
  nodes.hand(take!)
  nodes.ring('n1', 'resend')
  nodes.deliver()
  expect(nodes.reply(request)).toEqual(ok(1))
  expect(owners(nodes)).toEqual([take!.to])
})

test('a shard move continues after restarts of both nodes, and a late duplicate of the move changes nothing', () => {
  const nodes = three()
  nodes.answer('n1', write('x', 1))
  nodes.ring('n1', 'rebalance')
  const [take] = nodes.lose(is('take'))
  const to = take!.to
  for (const id of ['n1', to]) {
    nodes.kill(id)
    nodes.restart(id)
  }
  expect(owners(nodes)).toEqual([])
  nodes.ring('n1', 'resend')
  nodes.deliver()
  expect(nodes.answer('n1', write('x', 2))).toEqual(ok(2))
  // A late duplicate with the shard's earlier content.
  nodes.hand(take!)
  nodes.deliver()
  expect(nodes.answer('n1', read('x'))).toEqual(ok(2))
  expect(owners(nodes)).toEqual([to])
})

test('a duplicated refusal does not make a request execute twice', () => {
  const nodes = three()
  nodes.ring('n1', 'rebalance')
  nodes.deliver()
  const [owner] = owners(nodes)
  const other = ids.find((id) => id !== 'n1' && id !== owner)!
  const request = nodes.ask(other, { f: 'append', key: 'x', value: 'a' })
  nodes.deliver(is('ask'))
  const [moved] = nodes.lose(is('moved'))
  nodes.hand(moved!)
  nodes.hand(moved!)
  nodes.ring(other, 'resend')
  nodes.deliver()
  expect(nodes.reply(request)).toEqual(ok('a'))
  expect(nodes.answer('n1', read('x'))).toEqual(ok('a'))
})

describe('sharding by range, directory or hash', () => {
  const shardsOf = (by: string, keys: readonly string[]) => {
    const nodes = three({ by, shards: 3 })
    for (const key of keys) expect(nodes.answer('n2', write(key, 1))).toEqual(ok(1))
    const held = (id: string) => [...(nodes.state(id) as ShardedState).owned.values()] as Map<string, unknown>[]
    return ids.map((id) => held(id).flatMap((registers) => [...registers.keys()]))
  }

  test('sharding by range places neighbouring keys on one shard', () => {
    expect(shardsOf('range', ['a', 'b', 'm', 'y', 'z'])).toEqual([['a', 'b'], ['m'], ['y', 'z']])
  })

  test('sharding by directory assigns new keys to the shards round-robin', () => {
    expect(shardsOf('directory', ['x', 'y', 'z', 'w'])).toEqual([['x', 'w'], ['y'], ['z']])
  })

  test('sharding by hash lets every node compute the same shard for a key', () => {
    const nodes = three({ shards: 7 })
    for (const key of ['x', 'y', 'z', 'key-17']) {
      nodes.answer('n1', write(key, 1))
      for (const id of ids) expect(nodes.answer(id, read(key))).toEqual(ok(1))
    }
  })
})

test('the protocol sharded rejects an invalid number of shards', () => {
  expect(() => protocol.create({ settings: { shards: 1.5 } })).toThrow(/whole number/)
  expect(() => protocol.create({ settings: { shards: 0 } })).toThrow(/above 0/)
})

describe('transactions on shards', () => {
  const many = (settings: Settings = { shards: 8 }, bug?: string) =>
    createNodes(protocol.create({ object: 'transactions', settings, bug }), ids)
  const txn = (...steps: readonly Json[]): Input => ({ f: 'txn', value: steps })
  const all = txn(['r', 'x', null], ['r', 'y', null], ['r', 'z', null])
  const locked = (nodes: Nodes) => ids.flatMap((id) => [...(nodes.state(id) as ShardedState).locks.keys()])

  test.each(['hash', 'directory'])(
    'a transaction accesses shards of several nodes, even after these shards move (by %s)',
    (by) => {
      const nodes = many({ shards: 8, by })
      const done = (input: Input) => {
        const request = nodes.ask('n2', input)
        for (let i = 0; i < 20 && nodes.reply(request) === undefined; i++) {
          nodes.deliver()
          nodes.ring('n2', 'again')
        }
        nodes.deliver()
        return nodes.reply(request)
      }
      expect(done(txn(['w', 'x', 1], ['append', 'y', 2], ['w', 'z', 3]))).toMatchObject({ type: 'ok' })
      for (let round = 0; round < 10; round++) {
        for (const id of ids) nodes.ring(id, 'rebalance')
        nodes.deliver()
        expect(done(all)).toEqual(
          ok([
            ['r', 'x', 1],
            ['r', 'y', [2]],
            ['r', 'z', 3],
          ]),
        )
      }
      expect(locked(nodes)).toEqual([])
    },
  )

  test('a transaction keeps its shards from moving until it ends, even across a restart', () => {
    const nodes = three({ shards: 1 }, 'transactions')
    const request = nodes.ask('n2', txn(['w', 'x', 1]))
    nodes.deliver(is('prepare'))
    nodes.kill('n1')
    nodes.restart('n1')
    expect(locked(nodes)).toHaveLength(1)
    nodes.ring('n1', 'rebalance')
    expect(owners(nodes)).toEqual(['n1'])
    nodes.deliver()
    expect(nodes.reply(request)).toMatchObject({ type: 'ok' })
    nodes.ring('n1', 'rebalance')
    nodes.deliver()
    expect(owners(nodes)).not.toEqual(['n1'])
    expect(nodes.answer(owners(nodes)[0]!, txn(['r', 'x', null]))).toEqual(ok([['r', 'x', 1]]))
  })

  test('a transaction transfers money between shards atomically', () => {
    const nodes = three({ shards: 8 }, 'bank')
    const transfer = { f: 'transfer', value: { from: 'a', to: 'b', amount: 60_000, id: 1 } }
    expect(nodes.answer('n1', transfer)).toMatchObject({ type: 'ok' })
    expect(nodes.answer('n2', { f: 'read', value: null })).toMatchObject({ value: { a: 40_000, b: 160_000 } })
    expect(nodes.answer('n3', { f: 'transfer', value: { ...transfer.value, id: 2 } })).toMatchObject({ type: 'fail' })
  })
})
