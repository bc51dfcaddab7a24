import { type Input, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, type MachineEvent, type ProtocolSettingValue } from '../../src/index.ts'
import type { Paxos, PaxosMessage, PaxosRecord, PaxosState } from '../../src/paxos/state.ts'
import type { EffectOf } from '../../src/turn.ts'
import { registersOf } from '../raft-node.ts'

interface NodeOptions {
  readonly settings?: { readonly [name: string]: ProtocolSettingValue }
  readonly bug?: string | undefined
  readonly journal?: readonly PaxosRecord[]
}

/**
 * The node n1 of three; the test delivers every event. The ballots of n1 are 3, 6, 9, …; those of n2 are 4, 7, …; those
 * of n3 are 5, 8, ….
 */
function createNode({ settings = {}, bug, journal = [] }: NodeOptions) {
  const machine = findProtocol('paxos')!.create({ bug, settings })
  let state = machine.start({ id: 'n1', peers: ['n2', 'n3'], seed: 1 }, journal, millis(0)).state as PaxosState
  function step(event: MachineEvent<PaxosMessage>): readonly EffectOf<Paxos>[] {
    const transition = machine.step(state, event, millis(0), millis(0))
    state = transition.state
    return transition.effects as readonly EffectOf<Paxos>[]
  }
  return {
    get state() {
      return state
    },
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: PaxosMessage) => step({ type: 'message', from, message }),
    request: (requestId: string, input: Input) => step({ type: 'request', requestId, input }),
  }
}

type Node = ReturnType<typeof createNode>

const write = (value: number): Input => ({ f: 'write', key: 'x', value })
const command = (value: number) => ({ input: write(value) })
const read: Input = { f: 'read', key: 'x', value: null }
const sent = (effects: readonly EffectOf<Paxos>[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to, ...effect.message }] : []))
const results = (effects: readonly EffectOf<Paxos>[]) =>
  effects.flatMap((effect) => (effect.type === 'reply' ? [effect.result] : []))
const recordsOf = (effects: readonly EffectOf<Paxos>[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
const marked = (effects: readonly EffectOf<Paxos>[]) => effects.some(({ type }) => type === 'mark')
const promise = (ballot: number, accepted: Extract<PaxosMessage, { type: 'promise' }>['accepted'] = []) =>
  ({ type: 'promise', ballot, accepted }) as const
const accept = (ballot: number, from: number, value: number): PaxosMessage => ({
  type: 'accept',
  ballot,
  from,
  commands: [command(value)],
  chosen: 0,
})

function lead(node: Node): Node {
  node.timer('silence')
  node.message('n2', promise(node.state.ballot))
  expect(node.state.role).toBe('leader')
  return node
}

describe('a Paxos acceptor', () => {
  test('a Paxos acceptor makes a promise durable before it replies, and reports the proposals that it has accepted', () => {
    const node = createNode({})
    node.message('n2', accept(4, 1, 7))
    const effects = node.message('n3', { type: 'prepare', ballot: 5, from: 1 })
    expect(recordsOf(effects)).toEqual([{ kind: 'promise', ballot: 5 }])
    expect(sent(effects)).toEqual([{ to: 'n3', ...promise(5, [[1, { ballot: 4, command: command(7) }]]) }])
    const kinds = effects.map(({ type }) => type)
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  })

  test('a Paxos acceptor preempts a prepare request whose number is below its promise', () => {
    const node = createNode({})
    node.message('n3', { type: 'prepare', ballot: 8, from: 1 })
    expect(sent(node.message('n2', { type: 'prepare', ballot: 7, from: 1 }))).toEqual([
      { to: 'n2', type: 'preempted', ballot: 8 },
    ])
  })

  test.each([
    { bug: undefined, accepted: 0 },
    { bug: 'ignore-promise', accepted: 1 },
  ])(
    'a Paxos acceptor accepts no proposal below its promise, unless a bug is planted (bug: $bug)',
    ({ bug, accepted }) => {
      const node = createNode({ bug })
      node.message('n3', { type: 'prepare', ballot: 5, from: 1 })
      const effects = node.message('n2', accept(4, 1, 7))
      expect(node.state.accepted.size).toBe(accepted)
      expect(marked(effects)).toBe(accepted === 1)
    },
  )

  test.each([
    { bug: undefined, accepted: 0 },
    { bug: 'forget-promise', accepted: 1 },
  ])(
    'a Paxos acceptor keeps its promise across a restart, unless a bug is planted (bug: $bug)',
    ({ bug, accepted }) => {
      const journal = recordsOf(createNode({ bug }).message('n3', { type: 'prepare', ballot: 5, from: 1 }))
      const node = createNode({ bug, journal })
      node.message('n2', accept(4, 1, 7))
      expect(node.state.accepted.size).toBe(accepted)
    },
  )

  test('a Paxos acceptor remembers accepted proposals and chosen values across a restart', () => {
    const first = createNode({})
    const journal = recordsOf(first.message('n2', accept(4, 1, 7)))
    first.message('n2', { type: 'heartbeat', ballot: 4, round: 0, chosen: 1 })
    expect(registersOf(first.state).get('x')).toBe(7)
    const more = recordsOf(first.message('n2', accept(4, 2, 8)))
    const node = createNode({ journal: [...journal, ...more] })
    expect(node.state.accepted.size).toBe(2)
    expect(registersOf(node.state).get('x')).toBe(7)
  })
})

describe('a new Paxos leader', () => {
  test.each([
    { bug: undefined, value: 8 },
    { bug: 'ignore-highest-accepted', value: 7 },
  ])(
    'a new Paxos leader adopts the highest-numbered value in the promises, unless a bug is planted (bug: $bug)',
    ({ bug, value }) => {
      const node = createNode({ bug })
      node.message('n2', accept(4, 1, 7))
      node.timer('silence')
      const effects = node.message('n3', promise(node.state.ballot, [[1, { ballot: 5, command: command(8) }]]))
      expect(sent(effects)).toContainEqual(
        expect.objectContaining({ type: 'accept', from: 1, commands: [command(value)], ballot: 6 }),
      )
    },
  )

  test('a new Paxos leader fills a gap in the slots with a no-op', () => {
    const node = createNode({})
    node.timer('silence')
    const effects = node.message('n3', promise(node.state.ballot, [[2, { ballot: 2, command: command(8) }]]))
    expect(sent(effects)).toContainEqual(
      expect.objectContaining({ type: 'accept', from: 1, commands: [null, command(8)] }),
    )
  })

  test('a new Paxos leader needs promises from a majority, and from one node fewer with the bug quorum-off-by-one', () => {
    const roleOf = (bug?: string) => {
      const node = createNode({ bug })
      node.timer('silence')
      return node.state.role
    }
    expect(roleOf()).toBe('candidate')
    expect(roleOf('quorum-off-by-one')).toBe('leader')
  })

  test('a new Paxos leader takes its own ballot number above every number that it has seen', () => {
    const node = createNode({})
    node.message('n3', { type: 'prepare', ballot: 11, from: 1 })
    node.timer('silence')
    expect(node.state.ballot).toBe(12)
  })
})

describe('a Paxos leader', () => {
  test('a Paxos leader answers requests in the order of slots, once a majority has accepted them', () => {
    const node = lead(createNode({}))
    node.request('r1', write(1))
    node.request('r2', write(2))
    const accepted = (from: number): PaxosMessage => ({ type: 'accepted', ballot: node.state.ballot, from, count: 1 })
    expect(results(node.message('n2', accepted(2)))).toEqual([])
    expect(results(node.message('n3', accepted(1)))).toEqual([
      { type: 'ok', value: 1 },
      { type: 'ok', value: 2 },
    ])
  })

  test('a Paxos leader answers a read once a majority has confirmed the leader', () => {
    const node = lead(createNode({}))
    expect(results(node.request('r1', read))).toEqual([])
    const { ballot, roundStarted: round } = node.state
    expect(results(node.message('n2', { type: 'alive', ballot, round: round - 1 }))).toEqual([])
    expect(results(node.message('n2', { type: 'alive', ballot, round }))).toEqual([{ type: 'ok', value: null }])
  })

  test('a Paxos leader answers no read before the proposals found in phase 1 are chosen', () => {
    const node = createNode({})
    node.timer('silence')
    const { ballot } = node.state
    node.message('n2', promise(ballot, [[1, { ballot: 2, command: command(8) }]]))
    node.request('r1', read)
    const { roundStarted: round } = node.state
    expect(results(node.message('n2', { type: 'alive', ballot, round }))).toEqual([])
    expect(results(node.message('n2', { type: 'accepted', ballot, from: 1, count: 1 }))).toEqual([
      { type: 'ok', value: 8 },
    ])
  })

  test('with the bug stale-read, a Paxos leader answers a read immediately', () => {
    const node = lead(createNode({ bug: 'stale-read' }))
    expect(results(node.request('r1', read))).toHaveLength(1)
  })

  test('with reads=log, a Paxos leader assigns a separate slot to a read', () => {
    const node = lead(createNode({ settings: { reads: 'log' } }))
    expect(sent(node.request('r1', read))).toContainEqual(expect.objectContaining({ type: 'accept', from: 1 }))
  })

  test('a Paxos leader steps down when it is preempted, or when no majority answers', () => {
    const preempted = lead(createNode({}))
    preempted.message('n2', { type: 'preempted', ballot: 11 })
    expect(preempted.state.role).toBe('follower')
    const alone = lead(createNode({}))
    alone.timer('reach')
    expect(alone.state.role).toBe('leader')
    alone.timer('reach')
    expect(alone.state.role).toBe('follower')
  })

  test('a Paxos leader sends the chosen values to a node that lacks them', () => {
    const node = lead(createNode({}))
    node.request('r1', write(1))
    node.message('n2', { type: 'accepted', ballot: node.state.ballot, from: 1, count: 1 })
    const replies = sent(node.message('n3', { type: 'learn', from: 1 }))
    expect(replies).toMatchObject([{ to: 'n3', type: 'chosen', from: 1, commands: [command(1)] }])
    const follower = createNode({})
    follower.message('n2', { type: 'chosen', ballot: 4, from: 1, commands: [command(1)] })
    expect(registersOf(follower.state).get('x')).toBe(1)
  })
})

test('a Paxos follower asks for chosen slots whose values it accepted only in older ballots', () => {
  const node = createNode({})
  node.message('n2', accept(4, 1, 7))
  const effects = node.message('n3', { type: 'heartbeat', ballot: 5, round: 0, chosen: 1 })
  expect(sent(effects)).toContainEqual({ to: 'n3', type: 'learn', from: 1 })
  expect(node.state.applied).toBe(0)
})
