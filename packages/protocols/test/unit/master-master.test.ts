import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { heldOf } from '../../src/master-master/conflict.ts'
import { settled } from '../../src/master-master/definition.ts'
import { createMasterMaster } from '../../src/master-master/machine.ts'
import { type AnyMergeable, mergeables } from '../../src/master-master/mergeable.ts'
import type { MasterMasterConfig, MasterMasterState } from '../../src/master-master/state.ts'
import { compareStamps, covers, type Version } from '../../src/master-master/version.ts'

const stamp = fc.record({
  time: fc.integer({ min: 0, max: 3 }),
  node: fc.constantFrom('n1', 'n2', 'n3'),
  count: fc.integer({ min: 1, max: 3 }),
})

test('compareStamps orders the stamps of versions totally', () => {
  fc.assert(
    fc.property(stamp, stamp, stamp, (a, b, c) => {
      expect(Math.sign(compareStamps(a, b)) + Math.sign(compareStamps(b, a))).toBe(0)
      if (compareStamps(a, b) < 0 && compareStamps(b, c) < 0) expect(compareStamps(a, c)).toBeLessThan(0)
      if (compareStamps(a, b) === 0) expect(a).toEqual(b)
    }),
  )
})

const config = (mergeable: AnyMergeable, chosen: Partial<MasterMasterConfig> = {}): MasterMasterConfig => ({
  mergeable,
  conflicts: 'timestamp',
  siblings: 'latest',
  retransmitMs: millis(100),
  resolutionMs: millis(1),
  bug: undefined,
  ...chosen,
})
const { register } = mergeables

/** Returns a node's state after it has received these versions in this order. */
function stateAfter(versions: readonly Version[], chosen: Partial<MasterMasterConfig> = {}): MasterMasterState {
  const machine = createMasterMaster(config(register!, chosen))
  let { state } = machine.start({ id: 'n9', peers: ['n1'], seed: 1 }, [], millis(0))
  for (const version of versions) {
    const message = { type: 'versions', versions: [version] } as const
    state = machine.step(state, { type: 'message', from: 'n1', message }, millis(0), millis(0)).state
  }
  return state
}

test('masters that received equal sets of versions agree, whatever the order and the duplicates', () => {
  // A stamp is given once: the same stamp means the same write.
  const version = stamp.map((s): Version => ({ key: 'x', value: `${s.time} ${s.node} ${s.count}`, stamp: s }))
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), fc.array(version), (versions, again) => {
      const once = stateAfter([...versions, ...again])
      const twice = stateAfter([...again, ...versions.toReversed(), ...versions])
      expect(twice.versions.get('x')).toEqual(once.versions.get('x'))
    }),
  )
})

test('a master sends a version again until it is confirmed', () => {
  const machine = createMasterMaster(config(register!))
  let { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [], millis(0))
  const input = { f: 'write', key: 'x', value: 1 }
  state = machine.step(state, { type: 'request', requestId: 'r1', input }, millis(5), millis(5)).state
  const again = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(105), millis(105)).effects
  expect(again).toContainEqual(expect.objectContaining({ type: 'send', to: 'n2' }))
  const keys = [{ key: 'x', stamp: state.versions.get('x')!.stamp }]
  const confirmed = { type: 'message', from: 'n2', message: { type: 'received', keys } } as const
  state = machine.step(state, confirmed, millis(106), millis(106)).state
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(205), millis(205))
  expect(effects.filter((effect) => effect.type === 'send')).toEqual([])
})

test('a restarted master sends every version again', () => {
  const machine = createMasterMaster(config(register!))
  const version: Version = { key: 'x', value: 1, stamp: { time: 1, node: 'n1', count: 1 } }
  const { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [version], millis(0))
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(100), millis(100))
  expect(effects).toContainEqual({ type: 'send', to: 'n2', message: { type: 'versions', versions: [version] } })
})

/** Nodes that receive nothing from one another until a test exchanges their versions. */
function createMasters(
  mergeable: AnyMergeable,
  nodes: readonly string[],
  chosen: Partial<MasterMasterConfig> & { readonly aheadMs?: { readonly [node: string]: number } } = {},
) {
  const { aheadMs = {}, ...rest } = chosen
  const machine = createMasterMaster(config(mergeable, rest))
  const states = new Map(
    nodes.map((id) => {
      const peers = nodes.filter((peer) => peer !== id)
      return [id, machine.start({ id, peers, seed: 1 }, [], millis(0)).state]
    }),
  )
  let now = 1_000
  let requests = 0
  const clock = (node: string) => millis(++now + (aheadMs[node] ?? 0))
  return {
    held: (node: string, key: string) => heldOf(states.get(node)!, key),
    ask(node: string, input: Input): Completion {
      const requestId = `r${++requests}`
      const { effects } = machine.step(
        states.get(node)!,
        { type: 'request', requestId, input },
        clock(node),
        clock(node),
      )
      const [reply] = effects.filter((effect) => effect.type === 'reply')
      return reply!.result
    },
    /** Each node in turn sends everything to all nodes, twice. */
    meet(): void {
      for (const from of [...nodes, ...nodes])
        for (const to of nodes) {
          const state = states.get(from)!
          const versions = [...state.versions.keys()].flatMap((key) => heldOf(state, key))
          const event = { type: 'message', from, message: { type: 'versions', versions } } as const
          if (from !== to) machine.step(states.get(to)!, event, millis(now), millis(now))
        }
    },
  }
}

describe('masters after a partition', () => {
  const nodes = ['n1', 'n2', 'n3']
  const answers = (masters: ReturnType<typeof createMasters>, input: Input): Json[] =>
    nodes.map((node) => {
      const completion = masters.ask(node, input)
      return completion.type === 'ok' ? completion.value : completion.error
    })

  test('after a partition, masters merge a counter to the sum of all additions, whenever they exchange versions', () => {
    const step = fc.record({
      node: fc.constantFrom(...nodes),
      amount: fc.integer({ min: -9, max: 9 }),
      meet: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const masters = createMasters(mergeables['counter']!, nodes)
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

  test('after a partition, masters merge a set to the elements that were added and not removed later', () => {
    const masters = createMasters(mergeables['set']!, nodes)
    masters.ask('n1', { f: 'add', key: 'x', value: 1 })
    masters.ask('n2', { f: 'add', key: 'x', value: 2 })
    masters.ask('n3', { f: 'remove', key: 'x', value: 1 })
    masters.meet()
    expect(answers(masters, { f: 'read', key: 'x', value: null })).toEqual([[2], [2], [2]])
    expect(answers(masters, { f: 'contains', key: 'x', value: 1 })).toEqual([false, false, false])
  })

  test('masters merge transfers that together overdraw a bank account, without creating money', () => {
    const masters = createMasters(mergeables['bank']!, nodes)
    const transfer = (node: string, to: string, id: number) =>
      masters.ask(node, { f: 'transfer', value: { from: 'a', to, amount: 60_000, id } })
    expect(transfer('n1', 'b', 1)).toMatchObject({ type: 'ok' })
    expect(transfer('n1', 'b', 2)).toEqual({ type: 'fail', error: 'insufficient funds', answered: true })
    expect(transfer('n2', 'c', 3)).toMatchObject({ type: 'ok' })
    expect(transfer('n2', 'c', 3)).toMatchObject({ type: 'ok' })
    masters.meet()
    const balances = { a: -20_000, b: 160_000, c: 160_000, d: 100_000, e: 100_000 }
    expect(answers(masters, { f: 'read', value: null })).toEqual([balances, balances, balances])
  })
})

describe('conflict resolution between masters', () => {
  const nodes = ['n1', 'n2']
  const write = (value: Json): Input => ({ f: 'write', key: 'x', value })
  const read: Input = { f: 'read', key: 'x', value: null }
  const answers = (masters: ReturnType<typeof createMasters>, input: Input): Json[] =>
    nodes.map((node) => {
      const completion = masters.ask(node, input)
      return completion.type === 'ok' ? completion.value : completion.error
    })
  const CONFLICTS = ['timestamp', 'lamport', 'hybrid-clock', 'version-vector'] as const
  const fastClock = { aheadMs: { n1: 500 } }

  test('with conflict resolution by timestamp, a write with a fast clock wins over a later write whose writer had seen it', () => {
    const masters = createMasters(register!, nodes, fastClock)
    masters.ask('n1', write(1))
    masters.meet()
    expect(masters.ask('n2', write(2))).toEqual({ type: 'ok', value: 2 })
    masters.meet()
    expect(answers(masters, read)).toEqual([1, 1])
  })

  test.each(['lamport', 'hybrid-clock', 'version-vector'] as const)(
    'with conflict resolution by %s, a later write wins over a write with a fast clock that its writer had seen',
    (conflicts) => {
      const masters = createMasters(register!, nodes, { conflicts, ...fastClock })
      masters.ask('n1', write(1))
      masters.meet()
      masters.ask('n2', write(2))
      masters.meet()
      expect(answers(masters, read)).toEqual([2, 2])
    },
  )

  test('with a Lamport clock, the node with more writes wins a conflict; with a hybrid clock, the later write wins', () => {
    const outcome = (conflicts: 'lamport' | 'hybrid-clock') => {
      const masters = createMasters(register!, nodes, { conflicts })
      for (const value of [1, 2, 3]) masters.ask('n1', write(value))
      masters.ask('n2', write(4))
      masters.meet()
      return answers(masters, read)
    }
    expect(outcome('lamport')).toEqual([3, 3])
    expect(outcome('hybrid-clock')).toEqual([4, 4])
  })

  test('with version vectors, both concurrent writes are kept until a later write replaces both', () => {
    const masters = createMasters(register!, nodes, { conflicts: 'version-vector', siblings: 'all' })
    masters.ask('n1', write(1))
    masters.ask('n2', write(2))
    masters.meet()
    expect(answers(masters, read)).toEqual([
      [2, 1],
      [2, 1],
    ])
    masters.ask('n1', write(3))
    masters.meet()
    expect(answers(masters, read)).toEqual([3, 3])
  })

  test.each(CONFLICTS)(
    'conflict resolution by %s makes copies agree in any order of the received versions',
    (conflicts) => {
      const step = fc.record({ node: fc.constantFrom(...nodes), meet: fc.boolean() })
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), fc.array(fc.nat(20)), (steps, order) => {
          const masters = createMasters(register!, nodes, { conflicts, ...fastClock })
          const written = new Map<string, Version>()
          for (const [value, { node, meet }] of steps.entries()) {
            masters.ask(node, write(value))
            for (const version of masters.held(node, 'x')) written.set(JSON.stringify(version.stamp), version)
            if (meet) masters.meet()
          }
          const versions = [...written.values()]
          const shuffled = order.map((place) => versions[place % versions.length]!)
          const one = stateAfter(versions, { conflicts })
          const other = stateAfter([...shuffled, ...versions.toReversed()], { conflicts })
          expect(heldOf(other, 'x')).toEqual(heldOf(one, 'x'))
        }),
      )
    },
  )

  test('with version vectors, the versions that are kept for a key are concurrent with each other', () => {
    const step = fc.record({ node: fc.constantFrom(...nodes), meet: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        const masters = createMasters(register!, nodes, { conflicts: 'version-vector' })
        for (const [value, { node, meet }] of steps.entries()) {
          masters.ask(node, write(value))
          expect(masters.held(node, 'x')).toHaveLength(1)
          if (meet) masters.meet()
        }
        for (const node of nodes)
          for (const one of masters.held(node, 'x'))
            for (const other of masters.held(node, 'x')) if (one !== other) expect(covers(one, other.stamp)).toBe(false)
      }),
    )
  })

  test('a restarted master remembers the latest time that it had seen', () => {
    const machine = createMasterMaster(config(register!, { conflicts: 'lamport' }))
    const version: Version = { key: 'y', value: 1, stamp: { time: 41, node: 'n1', count: 1 } }
    const { state } = machine.start({ id: 'n2', peers: ['n1'], seed: 1 }, [version], millis(0))
    machine.step(state, { type: 'request', requestId: 'r1', input: write(1) }, millis(1), millis(1))
    expect(state.versions.get('x')?.stamp.time).toBe(42)
  })
})

describe('purchases for $5 and $10 at two masters from an account of $10', () => {
  const nodes = ['n1', 'n2']
  const withdraw = (dollars: number, id: number): Input => ({
    f: 'withdraw',
    value: { account: 'a', amount: dollars * 10_000, id },
  })
  const balance = (completion: Completion): number =>
    completion.type === 'ok' ? (completion.value as { readonly a: number }).a / 10_000 : Number.NaN
  const bought = (mergeable: AnyMergeable) => {
    const masters = createMasters(mergeable, nodes)
    const paid = [masters.ask('n2', withdraw(10, 1)), masters.ask('n1', withdraw(5, 2))]
    masters.meet()
    return {
      paid: paid.filter(({ type }) => type === 'ok').length,
      balances: nodes.map((node) => balance(masters.ask(node, { f: 'read', value: null }))),
    }
  }

  test('an account of $10 keeps $5 after purchases for $5 and $10 at two masters if the last write wins', () => {
    expect(bought(settled['bank']!)).toEqual({ paid: 2, balances: [5, 5] })
  })

  test('an account of $10 ends with -$5 after purchases for $5 and $10 at two masters if the changes are merged', () => {
    expect(bought(mergeables['bank']!)).toEqual({ paid: 2, balances: [-5, -5] })
  })

  test('two purchases that overdraw an account are not both accepted if the second master has already seen the first purchase', () => {
    for (const mergeable of [settled['bank']!, mergeables['bank']!]) {
      const masters = createMasters(mergeable, nodes)
      expect(masters.ask('n1', withdraw(10, 1))).toMatchObject({ type: 'ok' })
      masters.meet()
      expect(masters.ask('n2', withdraw(5, 2))).toEqual({ type: 'fail', error: 'insufficient funds', answered: true })
    }
  })
})

test('the level that master-master promises depends on conflict resolution and on the kept versions', () => {
  const { promises } = findProtocol('master-master')!
  expect(promises('register', {})).toBe('eventual')
  expect(promises('register', { conflicts: 'hybrid-clock' })).toBe('eventual')
  expect(promises('register', { conflicts: 'version-vector' })).toBe('eventual')
  expect(promises('register', { conflicts: 'version-vector', siblings: 'all' })).toBe('none')
  // Copies agree, but not always on the latest write.
  expect(promises('register', { conflicts: 'lamport' })).toBe('none')
  expect(promises('register', { 'resolution-ms': 50 })).toBe('none')
  expect(promises('counter', { conflicts: 'lamport' })).toBe('eventual')
  expect(promises('counter', { sums: 'settle' })).toBe('none')
  expect(promises('bank', {})).toBe('none')
})
