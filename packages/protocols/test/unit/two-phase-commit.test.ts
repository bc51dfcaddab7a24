import type { Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { perform } from '../../src/two-phase-commit/items.ts'
import type { TwoPhaseState } from '../../src/two-phase-commit/state.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('two-phase-commit')!
const ids = ['n1', 'n2', 'n3']
const three = (object = 'register', bug?: string) => createNodes(protocol.create({ object, bug, settings: {} }), ids)
type Nodes = ReturnType<typeof three>

const transfer = (from: string, to: string, amount: number, id = 1): Input => ({
  f: 'transfer',
  value: { from, to, amount, id },
})
const balances: Input = { f: 'read', value: null }
const money = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
const is = (type: string) => (letter: { readonly message: { readonly type: string } }) => letter.message.type === type
const held = (nodes: Nodes) => ids.flatMap((id) => [...(nodes.state(id) as TwoPhaseState).locks.keys()])
const doubtful = (nodes: Nodes) =>
  ids.filter((id) => ((nodes.state(id) as TwoPhaseState | undefined)?.prepared.size ?? 0) > 0)

test('a two-phase commit of a transfer changes both accounts, or neither if money is insufficient', () => {
  const nodes = three('bank')
  expect(nodes.answer('n1', transfer('a', 'b', 60_000))).toMatchObject({ type: 'ok' })
  expect(nodes.answer('n2', balances)).toEqual(ok({ ...money, a: 40_000, b: 160_000 }))
  expect(nodes.answer('n3', transfer('a', 'c', 60_000, 2))).toEqual({
    type: 'fail',
    error: 'insufficient funds',
    answered: true,
  })
  expect(nodes.answer('n1', balances)).toEqual(ok({ ...money, a: 40_000, b: 160_000 }))
  expect(held(nodes)).toEqual([])
})

test('a transfer whose id was used before moves no money', () => {
  const nodes = three('bank')
  nodes.answer('n1', transfer('a', 'b', 10_000))
  expect(nodes.answer('n2', transfer('a', 'b', 10_000))).toMatchObject({ type: 'ok' })
  expect(nodes.answer('n3', balances)).toEqual(ok({ ...money, a: 90_000, b: 110_000 }))
})

test('a transaction appends and writes on the nodes that hold its keys, and reads its own writes', () => {
  const nodes = three('transactions')
  const txn = (...steps: readonly Json[]): Input => ({ f: 'txn', value: steps })
  const first = txn(['append', 'x', 1], ['r', 'x', null], ['append', 'x', 2], ['w', 'y', 3], ['r', 'z', null])
  expect(nodes.answer('n1', first)).toEqual(
    ok([
      ['append', 'x', 1],
      ['r', 'x', [1]],
      ['append', 'x', 2],
      ['w', 'y', 3],
      ['r', 'z', null],
    ]),
  )
  expect(nodes.answer('n2', txn(['r', 'x', null], ['r', 'y', null]))).toEqual(
    ok([
      ['r', 'x', [1, 2]],
      ['r', 'y', 3],
    ]),
  )
  expect(nodes.answer('n1', txn(['inc', 'x', 1]))).toMatchObject({ type: 'fail' })
  expect(held(nodes)).toEqual([])
})

test('a two-phase commit happens only after all participants have voted yes', () => {
  const nodes = three('bank')
  const request = nodes.ask('n1', transfer('a', 'b', 10_000))
  nodes.deliver(is('prepare'))
  const [last, ...others] = nodes.lose(is('yes'))
  for (const vote of others) nodes.hand(vote)
  nodes.deliver()
  expect(nodes.reply(request)).toBeUndefined()
  expect(nodes.lose(is('decision'))).toEqual([])
  nodes.hand(last!)
  expect(nodes.reply(request)).toMatchObject({ type: 'ok' })
})

test('participants that voted yes are blocked while the coordinator is down, and released after its restart', () => {
  const nodes = three('bank')
  nodes.ask('n1', transfer('a', 'b', 10_000))
  nodes.deliver(is('prepare'))
  nodes.kill('n1')
  nodes.lose()
  const blocked = doubtful(nodes).filter((id) => id !== 'n1')
  expect(blocked.length).toBeGreaterThan(0)
  for (let i = 0; i < 20; i++) {
    for (const id of blocked) nodes.ring(id, 'check')
    nodes.deliver()
  }
  expect(doubtful(nodes).filter((id) => id !== 'n1')).toEqual(blocked)
  nodes.restart('n1')
  for (let i = 0; i < 2; i++) {
    for (const id of ids) nodes.ring(id, 'check')
    nodes.deliver()
  }
  // The coordinator had recorded no decision, so the transaction is presumed to be aborted.
  expect(held(nodes)).toEqual([])
  expect(nodes.answer('n2', balances)).toEqual(ok(money))
})

test('a recorded commit reaches every node, even if all nodes restart', () => {
  const nodes = three('bank')
  const request = nodes.ask('n1', transfer('a', 'b', 10_000))
  nodes.deliver(({ message }) => message.type === 'prepare' || message.type === 'yes')
  expect(nodes.reply(request)).toMatchObject({ type: 'ok' })
  nodes.lose()
  for (const id of ids) {
    nodes.kill(id)
    nodes.restart(id)
  }
  for (const id of ids) nodes.ring(id, 'check')
  nodes.deliver()
  expect(nodes.answer('n3', balances)).toEqual(ok({ ...money, a: 90_000, b: 110_000 }))
  expect(held(nodes)).toEqual([])
})

test('a read of a locked item waits, and then returns what the lock holder wrote', () => {
  const nodes = three()
  const first = nodes.ask('n1', write('z', 1))
  nodes.deliver(is('prepare'))
  const second = nodes.ask('n2', read('z'))
  nodes.deliver(({ from, to }) => from === 'n2' || to === 'n2')
  expect(nodes.reply(second)).toBeUndefined()
  nodes.deliver()
  nodes.ring('n2', 'again')
  nodes.deliver()
  expect([nodes.reply(first), nodes.reply(second)]).toEqual([ok(1), ok(1)])
})

test('a coordinator that lacks votes aborts the transaction, and the operation of its client fails definitely', () => {
  const nodes = three()
  const request = ['x', 'y', 'z'].map((key) => nodes.ask('n1', write(key, 1)))
  nodes.lose(is('prepare'))
  for (let i = 0; i < 6; i++) nodes.ring('n1', 'check')
  nodes.deliver()
  const refused = request.map(nodes.reply).filter((reply) => reply?.type === 'fail')
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.every((reply) => reply?.type === 'fail' && reply.error === 'unavailable')).toBe(true)
})

describe('the vote of a node', () => {
  test('a node votes no if a compare-and-set finds another value or an account lacks money', () => {
    expect(perform([{ item: 'x', does: 'cas', old: 1, new: 2 }], new Map([['x', 3]]))).toHaveProperty('refusal')
    const take = { item: 'a', does: 'add', amount: -5, initially: 4, least: 0 } as const
    expect(perform([take], new Map())).toHaveProperty('refusal')
    expect(perform([take], new Map([['a', 5]]))).toMatchObject({ writes: new Map([['a', 0]]) })
  })
})
