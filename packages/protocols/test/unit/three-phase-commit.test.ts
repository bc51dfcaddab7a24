import type { Input } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import type { ThreePhaseState } from '../../src/three-phase-commit/state.ts'
import { createNodes, ok } from '../nodes.ts'

const protocol = findProtocol('three-phase-commit')!
const ids = ['n1', 'n2', 'n3']
const three = (bug?: string) => createNodes(protocol.create({ object: 'bank', bug, settings: {} }), ids)
type Nodes = ReturnType<typeof three>

/** n2 stores account a, and n3 stores account b. n1 coordinates the transfer, and stores neither. */
const transfer: Input = { f: 'transfer', value: { from: 'a', to: 'b', amount: 10_000, id: 1 } }
const balances: Input = { f: 'read', value: null }
const money = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
const paid = { ...money, a: 90_000, b: 110_000 }
const is = (type: string) => (letter: { readonly message: { readonly type: string } }) => letter.message.type === type
const held = (nodes: Nodes, among = ids) =>
  among.flatMap((id) => [...(nodes.state(id) as ThreePhaseState).locks.keys()])

/** Fires the check timers until silent nodes count as dead, and delivers the messages that follow. */
function beSilent(nodes: Nodes, among: readonly string[], checks = 12): void {
  for (let i = 0; i < checks; i++) {
    for (const id of among) nodes.ring(id, 'check')
    nodes.deliver()
  }
}

test('a three-phase commit of a transfer changes both accounts and leaves no lock', () => {
  const nodes = three()
  expect(nodes.answer('n1', transfer)).toMatchObject({ type: 'ok' })
  expect(nodes.answer('n2', balances)).toEqual(ok(paid))
  expect(held(nodes)).toEqual([])
})

test('a three-phase commit happens only after every site has learned that all sites voted yes', () => {
  const nodes = three()
  const request = nodes.ask('n1', transfer)
  nodes.deliver((letter) => is('prepare')(letter) || is('yes')(letter) || is('pre-commit')(letter))
  const [last, ...others] = nodes.lose(is('pre-committed'))
  for (const acknowledgement of others) nodes.hand(acknowledgement)
  nodes.deliver()
  expect(nodes.reply(request)).toBeUndefined()
  nodes.hand(last!)
  expect(nodes.reply(request)).toMatchObject({ type: 'ok' })
})

test('sites abort without the coordinator if no site has learned that all voted yes', () => {
  const nodes = three()
  nodes.ask('n1', transfer)
  nodes.deliver(is('prepare'))
  nodes.kill('n1')
  nodes.lose()
  expect(held(nodes, ['n2', 'n3'])).not.toEqual([])
  beSilent(nodes, ['n2', 'n3'])
  expect(held(nodes, ['n2', 'n3'])).toEqual([])
  nodes.restart('n1')
  beSilent(nodes, ids)
  expect(nodes.answer('n2', balances)).toEqual(ok(money))
})

test('sites commit without the coordinator if a site has learned that all voted yes', () => {
  const nodes = three()
  nodes.ask('n1', transfer)
  nodes.deliver((letter) => is('prepare')(letter) || is('yes')(letter))
  const [first] = nodes.lose(is('pre-commit')).filter(({ to }) => to === 'n2')
  nodes.hand(first!)
  nodes.kill('n1')
  nodes.lose()
  beSilent(nodes, ['n2', 'n3'])
  expect(held(nodes, ['n2', 'n3'])).toEqual([])
  nodes.restart('n1')
  beSilent(nodes, ids)
  expect(nodes.answer('n3', balances)).toEqual(ok(paid))
})

test('a restarted site waits to hear from all sites, and then learns their decision', () => {
  const nodes = three()
  nodes.ask('n1', transfer)
  nodes.deliver(is('prepare'))
  nodes.kill('n3')
  nodes.lose()
  nodes.kill('n1')
  nodes.restart('n3')
  nodes.kill('n2')
  beSilent(nodes, ['n3'], 40)
  expect(held(nodes, ['n3'])).not.toEqual([])
  nodes.restart('n1')
  nodes.restart('n2')
  beSilent(nodes, ids)
  expect(held(nodes)).toEqual([])
  expect(nodes.answer('n2', balances)).toEqual(ok(money))
})

test('after a partition, the two sides of three-phase commit take silence for a crash and decide differently', () => {
  const nodes = three()
  const request = nodes.ask('n1', transfer)
  nodes.deliver((letter) => is('prepare')(letter) || is('yes')(letter))
  // From here on n3 is cut off in both directions.
  for (const letter of nodes.lose()) if (letter.to !== 'n3') nodes.hand(letter)
  for (let i = 0; i < 12; i++) {
    for (const id of ids) nodes.ring(id, 'check')
    for (const letter of nodes.lose()) if (letter.to !== 'n3' && letter.from !== 'n3') nodes.hand(letter)
  }
  expect(nodes.reply(request)).toMatchObject({ type: 'ok' })
  beSilent(nodes, ids)
  expect(nodes.answer('n2', balances)).toEqual(ok({ ...money, a: 90_000 }))
})
