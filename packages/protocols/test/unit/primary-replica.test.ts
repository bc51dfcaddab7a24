import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, type MachineEvent, type ProtocolSettingValue } from '../../src/index.ts'
import type {
  PrimaryReplica,
  PrimaryReplicaMessage,
  PrimaryReplicaRecord,
  PrimaryReplicaState,
} from '../../src/primary-replica/state.ts'
import type { EffectOf } from '../../src/turn.ts'
import { registersOf } from '../raft-node.ts'

/** The node n1 of three; the test delivers every event. */
function createNode(
  settings: { readonly [name: string]: ProtocolSettingValue },
  bug?: string,
  journal: PrimaryReplicaRecord[] = [],
) {
  const machine = findProtocol('primary-replica')!.create({ bug, settings })
  let state = machine.start({ id: 'n1', peers: ['n2', 'n3'], seed: 1 }, journal, millis(0)).state as PrimaryReplicaState
  function step(event: MachineEvent<PrimaryReplicaMessage>): readonly EffectOf<PrimaryReplica>[] {
    const transition = machine.step(state, event, millis(0), millis(0))
    state = transition.state
    return transition.effects as readonly EffectOf<PrimaryReplica>[]
  }
  const node = {
    get state() {
      return state
    },
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: PrimaryReplicaMessage) => step({ type: 'message', from, message }),
    write: (requestId: string, value: number) =>
      step({ type: 'request', requestId, input: { f: 'write', key: 'x', value } }),
    elect() {
      node.timer('silence')
      node.message('n2', { type: 'promise', epoch: state.epoch, granted: true })
      expect(state.role).toBe('primary')
    },
  }
  return node
}

const replies = (effects: readonly EffectOf<PrimaryReplica>[]) => effects.filter((effect) => effect.type === 'reply')
const sent = (effects: readonly EffectOf<PrimaryReplica>[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))

describe('the primary of primary-replica', () => {
  const has = (epoch: number, match: number) => ({ type: 'replicated', epoch, round: 0, match }) as const

  test('the primary answers an asynchronous write once the write is durable, before replication', () => {
    const node = createNode({})
    node.elect()
    const kinds = node.write('r1', 1).map((effect) => effect.type)
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('reply'))
  })

  test('with sync=all, the primary answers a write once every replica has confirmed it', () => {
    const node = createNode({ sync: 'all' })
    node.elect()
    expect(replies(node.write('r1', 1))).toEqual([])
    expect(replies(node.message('n2', has(1, 2)))).toEqual([])
    expect(replies(node.message('n3', has(1, 2)))).toMatchObject([{ requestId: 'r1', result: { type: 'ok' } }])
  })

  test('with sync=all, a write fails definitely while a replica does not answer', () => {
    const node = createNode({ sync: 'all' })
    node.elect()
    node.timer('reach')
    node.timer('reach')
    expect(replies(node.write('r1', 1))).toMatchObject([{ result: { type: 'fail', error: 'unavailable' } }])
  })

  test('with the bug ack-before-replicate, the primary answers a write before any replica has confirmed it', () => {
    const node = createNode({ sync: 'all' }, 'ack-before-replicate')
    node.elect()
    expect(replies(node.write('r1', 1))).toHaveLength(1)
  })
})

describe('the setting own-writes', () => {
  const has = (match: number) => ({ type: 'replicated', epoch: 1, round: 0, match }) as const
  const forwarded = {
    type: 'forward',
    origin: { node: 'n2', requestId: 'r1', attempt: 1 },
    command: { input: { f: 'write', key: 'x', value: 1 } },
    ticket: { life: 1, number: 1 },
  } as const
  const answers = (effects: readonly EffectOf<PrimaryReplica>[]) =>
    sent(effects).filter(({ type }) => type === 'answer')

  test('with own-writes, the primary answers a forwarded write once the forwarding replica has the write', () => {
    const node = createNode({ 'own-writes': true, sync: 1 })
    node.elect()
    node.message('n2', forwarded)
    expect(answers(node.message('n3', has(2)))).toEqual([])
    expect(answers(node.message('n2', has(1)))).toEqual([])
    expect(answers(node.message('n2', has(2)))).toMatchObject([{ origin: { requestId: 'r1' }, result: { type: 'ok' } }])
  })

  test('the primary answers a forwarded write immediately if own-writes is off, or with the bug own-write-when-sent', () => {
    for (const [settings, bug] of [[{}], [{ 'own-writes': true }, 'own-write-when-sent']] as const) {
      const node = createNode(settings, bug)
      node.elect()
      expect(answers(node.message('n2', forwarded))).toHaveLength(1)
    }
  })

  test('with own-writes, a waiting write has an unknown outcome if the primary is deposed', () => {
    const node = createNode({ 'own-writes': true })
    node.elect()
    node.message('n2', forwarded)
    expect(answers(node.message('n2', { type: 'replicated', epoch: 7, round: 0 }))).toMatchObject([
      { result: { type: 'info' } },
    ])
  })
})

describe('failover of primary-replica', () => {
  const entries = [{ term: 1, command: null }]
  const old = { type: 'replicate', epoch: 1, prevIndex: 0, prevEpoch: 0, entries, round: 1 } as const
  const elect = (epoch: number, lastIndex: number) => ({ type: 'elect', epoch, lastEpoch: 1, lastIndex }) as const

  test('a replica that has promised an epoch joins no earlier epoch, not even after a restart', () => {
    const node = createNode({})
    const promise = node.message('n3', { type: 'elect', epoch: 2, lastEpoch: 0, lastIndex: 0 })
    expect(sent(promise)).toMatchObject([{ type: 'promise', granted: true }])
    const journal = promise.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
    for (const fenced of [node, createNode({}, undefined, journal)]) {
      expect(sent(fenced.message('n2', old))).toEqual([{ type: 'replicated', epoch: 2, round: 0 }])
      expect(fenced.state.log.entries).toEqual([])
    }
  })

  test('with the bug forget-epoch, a replica joins an earlier epoch after a restart', () => {
    const promise = createNode({}, 'forget-epoch').message('n3', elect(2, 0))
    const journal = promise.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
    const node = createNode({}, 'forget-epoch', journal)
    node.message('n2', old)
    expect(node.state.log.entries).toEqual(entries)
  })

  test('with the bug no-fencing, a replica joins an earlier epoch', () => {
    const node = createNode({}, 'no-fencing')
    node.message('n3', { type: 'elect', epoch: 2, lastEpoch: 0, lastIndex: 0 })
    node.message('n2', old)
    expect(node.state.log.entries).toEqual(entries)
  })

  test('a primary that receives a message of a later epoch steps down', () => {
    const node = createNode({})
    node.elect()
    node.message('n2', { type: 'replicated', epoch: 7, round: 0 })
    expect(node.state).toMatchObject({ role: 'replica', epoch: 7 })
  })

  test.each([
    { bug: undefined, granted: false },
    { bug: 'promote-stale', granted: true },
  ])(
    'a replica gives no promise to a candidate that lacks its entries, unless a bug is planted (bug: $bug)',
    ({ bug, granted }) => {
      const node = createNode({}, bug)
      node.message('n2', old)
      expect(sent(node.message('n3', elect(2, 0)))).toMatchObject([{ granted }])
      expect(sent(node.message('n3', elect(3, 1)))).toMatchObject([{ granted: true }])
    },
  )

  test('a replica that refuses a candidate does not reset its own election timer', () => {
    const node = createNode({})
    node.message('n2', old)
    const timersOf = (effects: ReturnType<typeof node.message>) =>
      effects.filter(({ type }) => type === 'setTimer').length
    expect(timersOf(node.message('n3', elect(2, 0)))).toBe(0)
    expect(timersOf(node.message('n3', elect(3, 1)))).toBe(1)
    // A primary has no election timer. It sets one when it steps down.
    node.elect()
    expect(timersOf(node.message('n3', elect(node.state.epoch + 1, 0)))).toBe(1)
  })

  test('a replica undoes entries that a new primary replaces', () => {
    const write = (value: number) => ({ input: { f: 'write', key: 'x', value } })
    const journal: PrimaryReplicaRecord[] = [
      { kind: 'epoch', epoch: 1 },
      {
        kind: 'entries',
        from: 1,
        entries: [
          { term: 1, command: write(1) },
          { term: 1, command: write(2) },
        ],
      },
    ]
    const node = createNode({}, undefined, journal)
    expect(registersOf(node.state).get('x')).toBe(2)
    const overruling = { ...old, epoch: 2, prevIndex: 1, prevEpoch: 1, entries: [{ term: 2, command: null }] }
    node.message('n2', overruling)
    expect(registersOf(node.state).get('x')).toBe(1)
  })
})
