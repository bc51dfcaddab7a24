import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMasterMaster, type MasterMasterState } from '../src/master-master/machine.ts'
import { type AnyMergeable, mergeables } from '../src/master-master/mergeable.ts'
import { compareStamps, type Version } from '../src/master-master/version.ts'

const stamp = fc.record({
  time: fc.integer({ min: 0, max: 3 }),
  node: fc.constantFrom('n1', 'n2', 'n3'),
  count: fc.integer({ min: 1, max: 3 }),
})

test('stamps are in one total order', () => {
  fc.assert(
    fc.property(stamp, stamp, stamp, (a, b, c) => {
      expect(Math.sign(compareStamps(a, b)) + Math.sign(compareStamps(b, a))).toBe(0)
      if (compareStamps(a, b) < 0 && compareStamps(b, c) < 0) expect(compareStamps(a, c)).toBeLessThan(0)
      if (compareStamps(a, b) === 0) expect(a).toEqual(b)
    }),
  )
})

const config = (mergeable: AnyMergeable) => ({
  mergeable,
  retransmitMs: millis(100),
  resolutionMs: millis(1),
  bug: undefined,
})
const { register } = mergeables

/** What a node holds after it was told these versions, in this order. */
function told(versions: readonly Version[]): MasterMasterState {
  const machine = createMasterMaster(config(register!))
  let { state } = machine.start({ id: 'n9', peers: ['n1'], seed: 1 }, [], millis(0))
  for (const version of versions) {
    const message = { type: 'versions', versions: [version] } as const
    state = machine.step(state, { type: 'message', from: 'n1', message }, millis(0)).state
  }
  return state
}

test('copies that were told the same agree, whatever the order and however often', () => {
  // A stamp is given once: what bears the same stamp is the same write.
  const version = stamp.map((s): Version => ({ key: 'x', value: `${s.time} ${s.node} ${s.count}`, stamp: s }))
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), fc.array(version), (versions, again) => {
      const once = told([...versions, ...again])
      const twice = told([...again, ...versions.toReversed(), ...versions])
      expect(twice.versions.get('x')).toEqual(once.versions.get('x'))
    }),
  )
})

test('what a peer has not confirmed is sent again, and what it has is not', () => {
  const machine = createMasterMaster(config(register!))
  let { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [], millis(0))
  const input = { f: 'write', key: 'x', value: 1 }
  state = machine.step(state, { type: 'request', requestId: 'r1', input }, millis(5)).state
  const again = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(105)).effects
  expect(again).toContainEqual(expect.objectContaining({ type: 'send', to: 'n2' }))
  const keys = [{ key: 'x', stamp: state.versions.get('x')!.stamp }]
  const confirmed = { type: 'message', from: 'n2', message: { type: 'received', keys } } as const
  state = machine.step(state, confirmed, millis(106)).state
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(205))
  expect(effects.filter((effect) => effect.type === 'send')).toEqual([])
})

test('a node restarted tells everything again', () => {
  const machine = createMasterMaster(config(register!))
  const version: Version = { key: 'x', value: 1, stamp: { time: 1, node: 'n1', count: 1 } }
  const { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [version], millis(0))
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(100))
  expect(effects).toContainEqual({ type: 'send', to: 'n2', message: { type: 'versions', versions: [version] } })
})

/** Nodes that hear nothing of one another until they are told. */
function createMasters(object: string, nodes: readonly string[]) {
  const machine = createMasterMaster(config(mergeables[object]!))
  const states = new Map(
    nodes.map((id) => {
      const peers = nodes.filter((peer) => peer !== id)
      return [id, machine.start({ id, peers, seed: 1 }, [], millis(0)).state]
    }),
  )
  let now = 0
  let requests = 0
  return {
    ask(node: string, input: Input): Completion {
      const requestId = `r${++requests}`
      const { effects } = machine.step(states.get(node)!, { type: 'request', requestId, input }, millis(++now))
      const [reply] = effects.filter((effect) => effect.type === 'reply')
      return reply!.result
    },
    /** Everybody is told everything, twice, by one after the other. */
    meet(): void {
      for (const from of [...nodes, ...nodes])
        for (const to of nodes) {
          const versions = [...states.get(from)!.versions.values()]
          const event = { type: 'message', from, message: { type: 'versions', versions } } as const
          if (from !== to) machine.step(states.get(to)!, event, millis(now))
        }
    },
  }
}

describe('what masters took apart they put together:', () => {
  const nodes = ['n1', 'n2', 'n3']
  const answers = (masters: ReturnType<typeof createMasters>, input: Input): Json[] =>
    nodes.map((node) => {
      const completion = masters.ask(node, input)
      return completion.type === 'ok' ? completion.value : completion.error
    })

  test('a counter is the sum of everything that was added anywhere, whenever they met', () => {
    const step = fc.record({
      node: fc.constantFrom(...nodes),
      amount: fc.integer({ min: -9, max: 9 }),
      meet: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const masters = createMasters('counter', nodes)
        for (const { node, amount, meet } of steps) {
          masters.ask(node, { f: 'add', key: 'x', value: amount })
          if (meet) masters.meet()
        }
        masters.meet()
        const sum = steps.reduce((total, { amount }) => total + amount, 0)
        expect(answers(masters, { f: 'read', key: 'x', value: null })).toEqual([sum, sum, sum])
      }),
    )
  })

  test('a set has what was added and not removed later', () => {
    const masters = createMasters('set', nodes)
    masters.ask('n1', { f: 'add', key: 'x', value: 1 })
    masters.ask('n2', { f: 'add', key: 'x', value: 2 })
    masters.ask('n3', { f: 'remove', key: 'x', value: 1 })
    masters.meet()
    expect(answers(masters, { f: 'read', key: 'x', value: null })).toEqual([[2], [2], [2]])
    expect(answers(masters, { f: 'contains', key: 'x', value: 1 })).toEqual([false, false, false])
  })

  test('a bank that two masters spend from at once is overdrawn, and no money is made', () => {
    const masters = createMasters('bank', nodes)
    const transfer = (node: string, to: string, id: number) =>
      masters.ask(node, { f: 'transfer', value: { from: 'a', to, amount: 60_000, id } })
    expect(transfer('n1', 'b', 1)).toMatchObject({ type: 'ok' })
    expect(transfer('n1', 'b', 2)).toEqual({ type: 'fail', error: 'insufficient funds' })
    expect(transfer('n2', 'c', 3)).toMatchObject({ type: 'ok' })
    expect(transfer('n2', 'c', 3)).toMatchObject({ type: 'ok' })
    masters.meet()
    const balances = { a: -20_000, b: 160_000, c: 160_000, d: 100_000, e: 100_000 }
    expect(answers(masters, { f: 'read', value: null })).toEqual([balances, balances, balances])
  })
})
