import { type Input, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Chain, ChainMessage, ChainRecord, ChainState } from '../../src/chain/state.ts'
import { findProtocol, type MachineEvent } from '../../src/index.ts'
import type { EffectOf } from '../../src/turn.ts'
import { registersOf } from '../raft-node.ts'

interface NodeOptions {
  readonly id?: string
  readonly bug?: string | undefined
  readonly journal?: readonly ChainRecord[]
}

/**
 * One of three nodes; the test delivers every event. The epochs of n1 are 3, 6, …, those of n2 4, 7, …, those of n3 5,
 * 8, ….
 */
function createNode({ id = 'n1', bug, journal = [] }: NodeOptions) {
  const machine = findProtocol('chain')!.create({ bug, settings: {} })
  const peers = ['n1', 'n2', 'n3'].filter((node) => node !== id)
  const started = machine.start({ id, peers, seed: 1 }, journal, millis(0))
  let state = started.state as ChainState
  function step(event: MachineEvent<ChainMessage>): readonly EffectOf<Chain>[] {
    const transition = machine.step(state, event, millis(0), millis(0))
    state = transition.state
    return transition.effects as readonly EffectOf<Chain>[]
  }
  return {
    get state() {
      return state
    },
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: ChainMessage) => step({ type: 'message', from, message }),
    request: (requestId: string, input: Input) => step({ type: 'request', requestId, input }),
  }
}

type Node = ReturnType<typeof createNode>

const CHAIN = ['n1', 'n2', 'n3']
const write = (value: number): Input => ({ f: 'write', key: 'x', value })
const read: Input = { f: 'read', key: 'x', value: null }
const entry = (term: number, value: number) => ({ term, command: { input: write(value) } })
const origin = { node: 'n1', requestId: 'r1', attempt: 1 }
const sent = (effects: readonly EffectOf<Chain>[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to, ...effect.message }] : []))
const results = (effects: readonly EffectOf<Chain>[]) =>
  effects.flatMap((effect) => (effect.type === 'reply' ? [effect.result] : []))
const recordsOf = (effects: readonly EffectOf<Chain>[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
const begin = (epoch: number, ...values: readonly number[]): ChainMessage => ({
  type: 'begin',
  epoch,
  chain: CHAIN,
  entries: values.map((value) => entry(1, value)),
})
const update = (from: number, value: number): ChainMessage => ({
  type: 'update',
  epoch: 3,
  from,
  entries: [entry(3, value)],
  origins: [origin],
})
const sealed = (epoch: number, last: Extract<ChainMessage, { type: 'sealed' }>['last']): ChainMessage => ({
  type: 'sealed',
  epoch,
  last,
})
const NOTHING = { epoch: 0, chain: [], entries: [] }

/** Returns the head of the chain n1 > n2 > n3 in epoch 3. */
function head(bug?: string): Node {
  const node = createNode({ bug })
  node.timer('silence')
  node.message('n2', sealed(3, NOTHING))
  node.message('n3', sealed(3, NOTHING))
  expect(node.state.chain).toEqual(CHAIN)
  return node
}

function member(id: string, bug?: string): Node {
  const node = createNode({ id, bug })
  node.message(id === 'n2' ? 'n1' : 'n2', begin(3))
  return node
}

describe('an update of a chain', () => {
  test('an update of a chain is durable at the head before the head sends it to its successor', () => {
    const effects = head()
      .request('r1', write(1))
      .filter(({ type }) => type === 'persist' || type === 'send')
    expect(effects).toMatchObject([
      { type: 'persist', record: { kind: 'entries', from: 1 } },
      { type: 'send', to: 'n2', message: { type: 'update', from: 1, origins: [{ requestId: 'r1' }] } },
    ])
  })

  test('a middle node of a chain forwards an update once the earlier updates have arrived', () => {
    const node = member('n2')
    expect(node.message('n1', update(2, 8))).toEqual([])
    expect(sent(node.message('n1', update(1, 7)))).toMatchObject([{ to: 'n3', type: 'update', from: 1 }])
    expect(registersOf(node.state).get('x')).toBeUndefined()
  })

  test('the tail of a chain executes, answers and acknowledges an update', () => {
    const effects = sent(member('n3').message('n2', update(1, 7)))
    expect(effects).toEqual([
      { to: 'n1', type: 'answer', origin, result: { type: 'ok', value: 7 } },
      { to: 'n2', type: 'ack', epoch: 3, index: 1 },
    ])
  })

  test('a middle node of a chain executes an acknowledged update, passes the acknowledgement on, and stops resending the update', () => {
    const node = member('n2')
    node.message('n1', update(1, 7))
    expect(sent(node.message('n3', { type: 'ack', epoch: 3, index: 1 }))).toEqual([
      { to: 'n1', type: 'ack', epoch: 3, index: 1 },
    ])
    expect(registersOf(node.state).get('x')).toBe(7)
    expect(sent(node.timer('heartbeat'))).toEqual([])
  })

  test('a node sends an unacknowledged update of a chain again at its next heartbeat', () => {
    const node = member('n2')
    node.message('n1', update(1, 7))
    expect(sent(node.timer('heartbeat')).map(({ type }) => type)).toEqual(['begin', 'update'])
  })

  test('the head of a chain does not answer an update, except with the bug head-answers', () => {
    expect(results(head().request('r1', write(1)))).toEqual([])
    expect(results(head('head-answers').request('r1', write(1)))).toHaveLength(1)
  })
})

describe('a query to a chain', () => {
  const query: ChainMessage = { type: 'query', epoch: 3, origin, input: read }

  test('a query to a chain is sent to the tail, which answers once a majority confirms the epoch of the tail', () => {
    expect(sent(head().request('r1', read))).toMatchObject([{ to: 'n3', type: 'query' }])
    const tail = member('n3')
    expect(sent(tail.message('n1', query)).map(({ type }) => type)).toEqual(['confirm', 'confirm'])
    expect(sent(tail.message('n2', { type: 'confirmed', epoch: 3, round: 1 }))).toMatchObject([
      { to: 'n1', type: 'answer', result: { type: 'ok', value: null } },
    ])
  })

  test('a query to a chain fails if the tail seals its epoch before it answers', () => {
    const tail = member('n3')
    tail.message('n1', query)
    const effects = sent(tail.message('n1', { type: 'seal', epoch: 6 }))
    expect(effects).toMatchObject([
      { type: 'answer', result: { type: 'fail' } },
      { type: 'sealed', epoch: 6 },
    ])
    expect(sent(tail.message('n1', query))).toEqual([{ to: 'n1', type: 'deposed', epoch: 6 }])
  })

  test('with the bug read-from-anywhere, any node of a chain answers a query', () => {
    expect(results(member('n2', 'read-from-anywhere').request('r1', read))).toEqual([{ type: 'ok', value: null }])
  })
})

describe('a new configuration of a chain', () => {
  test('a new configuration of a chain seals earlier epochs durably before it sends a message', () => {
    const effects = createNode({}).timer('silence')
    const kinds = effects.map(({ type }) => type)
    expect(recordsOf(effects)).toEqual([{ kind: 'sealed', epoch: 3 }])
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  })

  test('a new configuration of a chain survives restarts of its nodes', () => {
    const journal = recordsOf(createNode({ id: 'n2' }).message('n1', { type: 'seal', epoch: 6 }))
    const node = createNode({ id: 'n2', journal })
    expect(sent(node.message('n1', begin(3)))).toEqual([{ to: 'n1', type: 'deposed', epoch: 6 }])
  })

  test('a new configuration of a chain starts with a majority after a short wait for the remaining nodes', () => {
    const node = createNode({})
    node.timer('silence')
    expect(node.state.chain).toEqual([])
    node.message('n3', sealed(3, NOTHING))
    expect(node.state.chain).toEqual([])
    node.timer('gather')
    expect(node.state.chain).toEqual(['n1', 'n3'])
  })

  test('a new configuration of a chain starts from the longest history of the latest epoch', () => {
    const node = createNode({})
    node.timer('silence')
    node.message('n2', sealed(3, { epoch: 1, chain: CHAIN, entries: [entry(1, 5), entry(1, 6)] }))
    node.message('n3', sealed(3, { epoch: 2, chain: CHAIN, entries: [entry(2, 9)] }))
    expect(node.state.log.entries).toEqual([entry(2, 9)])
  })

  test('a new configuration of a chain keeps the order of the chain, and appends joining nodes', () => {
    const node = createNode({})
    node.timer('silence')
    node.message('n2', sealed(3, NOTHING))
    node.message('n3', sealed(3, { epoch: 1, chain: ['n3', 'n1'], entries: [] }))
    expect(node.state.chain).toEqual(['n1', 'n3', 'n2'])
  })

  test('the message with a new chain configuration reaches the tail, and the tail acknowledges the update in it', () => {
    expect(sent(createNode({ id: 'n2' }).message('n1', begin(3, 7)))).toMatchObject([{ to: 'n3', type: 'begin' }])
    const tail = createNode({ id: 'n3' })
    expect(sent(tail.message('n2', begin(3, 7)))).toEqual([{ to: 'n2', type: 'ack', epoch: 3, index: 1 }])
    expect(registersOf(tail.state).get('x')).toBe(7)
  })

  test.each([
    { bug: undefined, passedOn: 1 },
    { bug: 'no-inprocess-resend', passedOn: 0 },
  ])(
    'a new chain starts with the unacknowledged updates, except with the bug no-inprocess-resend (bug: $bug)',
    ({ bug, passedOn }) => {
      const node = createNode({ id: 'n2', bug })
      const [message] = sent(node.message('n1', begin(3, 7)))
      expect(message).toMatchObject({ type: 'begin' })
      expect(message?.type === 'begin' && message.entries).toHaveLength(passedOn)
    },
  )

  test('a new chain configuration is started only if a member stops sending messages', () => {
    const node = head()
    node.timer('check')
    expect(sent(node.timer('check')).map(({ type }) => type)).toEqual(['seal', 'seal'])
    const complete = head()
    for (const from of ['n2', 'n3']) complete.message(from, { type: 'here', epoch: 3 })
    expect(sent(complete.timer('check'))).toEqual([])
  })
})
