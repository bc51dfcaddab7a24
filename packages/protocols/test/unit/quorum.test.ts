import { type Input, type Json, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, type MachineEvent, type ProtocolSettingValue, promiseOf, type Session } from '../../src/index.ts'
import type { Quorum, QuorumMessage, QuorumRecord, QuorumState } from '../../src/quorum/state.ts'
import type { EffectOf } from '../../src/turn.ts'

type QuorumEffect = EffectOf<Quorum>

interface NodeOptions {
  readonly settings?: { readonly [name: string]: ProtocolSettingValue }
  readonly bug?: string | undefined
  readonly journal?: readonly QuorumRecord[]
  readonly nodes?: number
}

/** Creates the node n1 of a cluster. The test passes every event to the node. */
function createNode({ settings = {}, bug, journal = [], nodes = 3 }: NodeOptions) {
  const machine = findProtocol('quorum')!.create({ bug, settings })
  const peers = Array.from({ length: nodes - 1 }, (_, i) => `n${i + 2}`)
  let state = machine.start({ id: 'n1', peers, seed: 1 }, journal, millis(0)).state as QuorumState
  function step(event: MachineEvent<QuorumMessage>): readonly QuorumEffect[] {
    const transition = machine.step(state, event, millis(7), millis(7))
    state = transition.state
    return transition.effects as readonly QuorumEffect[]
  }
  return {
    get state() {
      return state
    },
    /** The operation in progress. */
    get operation() {
      return [...state.operations.keys()].at(-1)!
    },
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: QuorumMessage) => step({ type: 'message', from, message }),
    request: (requestId: string, input: Input, session?: Session) =>
      step({ type: 'request', requestId, input, session }),
  }
}

const write = (value: number): Input => ({ f: 'write', key: 'x', value })
const read: Input = { f: 'read', key: 'x', value: null }
const version = (value: Json, counter: number, writer = 'w') => ({ key: 'x', value, tag: { counter, writer } })
const sent = (effects: readonly QuorumEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to, ...effect.message }] : []))
const results = (effects: readonly QuorumEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'reply' ? [effect.result] : []))
const recordsOf = (effects: readonly QuorumEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
const marked = (effects: readonly QuorumEffect[]) => effects.some(({ type }) => type === 'mark')

describe('a quorum write', () => {
  test('a quorum write first reads the tags of a majority, and takes a tag above the highest', () => {
    const node = createNode({})
    expect(sent(node.request('r1', write(1)))).toMatchObject([{ type: 'query' }, { type: 'query' }])
    const { operation } = node
    const second = node.message('n2', { type: 'queried', operation, version: version(7, 4) })
    expect(sent(second)).toMatchObject([
      { to: 'n2', type: 'put', version: { value: 1, tag: { counter: 5 } } },
      { to: 'n3', type: 'put', version: { value: 1, tag: { counter: 5 } } },
    ])
    expect(results(second)).toEqual([])
    expect(results(node.message('n3', { type: 'stored', operation }))).toEqual([{ type: 'ok', value: 1 }])
  })

  test('with tags=clock, a write uses a new tag after a restart even if the clock has not advanced', () => {
    const tagOf = (seed: number) => {
      const machine = findProtocol('quorum')!.create({ settings: { tags: 'clock' } })
      const { state } = machine.start({ id: 'n1', peers: ['n2', 'n3'], seed }, [], millis(0))
      const { effects } = machine.step(
        state,
        { type: 'request', requestId: 'r', input: write(1) },
        millis(7),
        millis(7),
      )
      return JSON.stringify(sent(effects as QuorumEffect[]))
    }
    expect(tagOf(1)).not.toBe(tagOf(2))
  })

  test('a quorum write is applied once if it is delivered twice', () => {
    const node = createNode({ settings: { tags: 'clock' } })
    const session = { client: 'c', sequence: 1 }
    node.request('r1', write(1), session)
    expect(node.request('r2', write(1), session)).toEqual([])
    const { operation } = node
    expect(results(node.message('n2', { type: 'stored', operation }))).toHaveLength(2)
    expect(results(node.request('r3', write(1), session))).toEqual([{ type: 'ok', value: 1 }])
  })

  test('a quorum write fails definitely if it was sent to no replica, and has an unknown outcome otherwise', () => {
    const outcomeWith = (tags: string) => {
      const node = createNode({ settings: { tags } })
      node.request('r1', write(1))
      for (let i = 0; i < 20; i++) expect(results(node.timer('sweep'))).toEqual([])
      return results(node.timer('sweep'))
    }
    expect(outcomeWith('counter')).toMatchObject([{ type: 'fail', error: 'unavailable' }])
    expect(outcomeWith('clock')).toMatchObject([{ type: 'info' }])
  })

  test('a quorum write waits for W replicas, and for one replica fewer with the bug quorum-off-by-one', () => {
    const answered = (bug?: string) => {
      const node = createNode({ bug, settings: { tags: 'clock' } })
      const effects = node.request('r1', write(1))
      return { count: results(effects).length, marked: marked(effects) }
    }
    expect(answered()).toEqual({ count: 0, marked: false })
    expect(answered('quorum-off-by-one')).toEqual({ count: 1, marked: true })
  })
})

describe('a quorum read', () => {
  test('a quorum read stores its value on W replicas before it returns the value', () => {
    const node = createNode({})
    node.request('r1', read)
    const { operation } = node
    const found = node.message('n2', { type: 'queried', operation, version: version(7, 4) })
    // n2 has this version. Once n1 has the version on disk too, n1 and n2 are a majority.
    expect(found.map(({ type }) => type).filter((type) => type !== 'send')).toEqual(['persist', 'reply'])
    expect(recordsOf(found)).toEqual([{ kind: 'version', version: version(7, 4) }])
    const node2 = createNode({ nodes: 5 })
    node2.request('r1', read)
    const id = node2.operation
    node2.message('n2', { type: 'queried', operation: id, version: null })
    const third = node2.message('n3', { type: 'queried', operation: id, version: version(7, 4) })
    expect(sent(third).map(({ to, type }) => `${type} ${to}`)).toEqual(['put n2', 'put n4', 'put n5'])
    expect(results(third)).toEqual([])
    expect(results(node2.message('n4', { type: 'stored', operation: id }))).toEqual([{ type: 'ok', value: 7 }])
  })

  test('a quorum read returns a value immediately if W replicas already have it', () => {
    const node = createNode({ journal: [{ kind: 'version', version: version(7, 4) }] })
    node.request('r1', read)
    const answer = node.message('n2', { type: 'queried', operation: node.operation, version: version(7, 4) })
    expect(results(answer)).toEqual([{ type: 'ok', value: 7 }])
  })

  test.each([
    { settings: { 'write-back': false }, bug: undefined, marks: false },
    { settings: {}, bug: 'no-write-back', marks: true },
  ])(
    'without write-back, a read returns a value immediately and repairs the stale replica (bug: $bug)',
    ({ settings, bug, marks }) => {
      const node = createNode({ settings, bug, nodes: 5 })
      node.request('r1', read)
      const { operation } = node
      node.message('n2', { type: 'queried', operation, version: null })
      const last = node.message('n3', { type: 'queried', operation, version: version(7, 4) })
      expect(results(last)).toEqual([{ type: 'ok', value: 7 }])
      expect(sent(last)).toEqual([{ to: 'n2', type: 'versions', versions: [version(7, 4)] }])
      expect(marked(last)).toBe(marks)
    },
  )

  test('a quorum read returns the initial value if nothing was written', () => {
    const node = createNode({})
    node.request('r1', read)
    const answer = node.message('n2', { type: 'queried', operation: node.operation, version: null })
    expect(results(answer)).toEqual([{ type: 'ok', value: null }])
  })
})

describe('a replica of a quorum', () => {
  const put = (of: QuorumRecord & { kind: 'version' }): QuorumMessage => ({
    type: 'put',
    operation: 'o',
    version: of.version,
    owner: null,
  })
  const first = put({ kind: 'version', version: version(1, 1, 'a') })

  test('a replica keeps the later of two versions, and acknowledges both', () => {
    const node = createNode({})
    node.message('n2', put({ kind: 'version', version: version(2, 2) }))
    expect(sent(node.message('n3', first))).toMatchObject([{ type: 'stored' }])
    expect(node.state.versions.get('x')).toMatchObject({ value: 2 })
  })

  test('a replica acknowledges a version only once it is durable', () => {
    const kinds = createNode({})
      .message('n2', first)
      .map(({ type }) => type)
    expect(kinds).toEqual(['persist', 'send'])
  })

  test.each([
    { bug: undefined, value: 2 },
    { bug: 'no-tie-break', value: 1 },
  ])(
    'a replica keeps the version of the later writer if two counters are equal, unless a bug is planted (bug: $bug)',
    ({ bug, value }) => {
      const node = createNode({ bug })
      node.message('n2', first)
      node.message('n3', put({ kind: 'version', version: version(2, 1, 'b') }))
      expect(node.state.versions.get('x')).toMatchObject({ value })
    },
  )

  test('a replica compares a digest with its versions and detects which versions it lacks', () => {
    const node = createNode({})
    node.message('n2', first)
    const tags = [
      ['x', { counter: 1, writer: 'a' }],
      ['y', { counter: 1, writer: 'b' }],
    ] as const
    expect(sent(node.message('n3', { type: 'digest', tags }))).toEqual([{ to: 'n3', type: 'want', keys: ['y'] }])
    const response = node.message('n3', { type: 'want', keys: ['x'] })
    expect(sent(response)).toMatchObject([{ type: 'versions', versions: [{ value: 1 }] }])
  })
})

describe('a sloppy quorum', () => {
  const settings = { replicas: 2, r: 2, w: 2, sloppy: true, tags: 'clock' }
  const hint = { kind: 'hint', owner: 'n2', version: version(1, 1) } as const
  const take = (bug?: string) => {
    const node = createNode({ settings, bug })
    const effects = node.message('n3', { type: 'put', operation: 'o', version: version(1, 1), owner: 'n2' })
    return { node, effects }
  }

  test('a sloppy quorum sends a write to the next node in place of a replica that does not answer', () => {
    const node = createNode({ settings })
    node.request('r1', write(1))
    const again = sent(node.timer('sweep'))
    const owners = again.flatMap((message) => (message.type === 'put' ? [message.owner] : []))
    expect(owners.filter((owner) => owner !== null)).toHaveLength(1)
  })

  test('a node that accepted a write in place of another node resends the write until that node confirms it', () => {
    const { node, effects } = take()
    expect(recordsOf(effects)).toEqual([hint])
    expect(sent(node.timer('sync'))).toEqual([{ to: 'n2', type: 'handoff', version: version(1, 1) }])
    const taken = node.message('n2', { type: 'taken', key: 'x', tag: version(1, 1).tag })
    expect(recordsOf(taken)).toEqual([{ kind: 'handed', owner: 'n2', key: 'x', tag: version(1, 1).tag }])
    expect(sent(node.timer('sync'))).toEqual([])
  })

  test('with the bug drop-handoff-on-restart, a restarted node loses a write that it accepted in place of another node', () => {
    const handedAfterRestart = (bug?: string) => {
      const journal = recordsOf(take(bug).effects)
      return sent(createNode({ settings, bug, journal }).timer('sync'))
    }
    expect(handedAfterRestart()).toHaveLength(1)
    expect(handedAfterRestart('drop-handoff-on-restart')).toEqual([])
  })
})

describe('the protocol quorum', () => {
  const protocol = findProtocol('quorum')!

  test.each([
    [{}, 'linearizable'],
    [{ r: 1, w: 'all' }, 'linearizable'],
    [{ replicas: 3, r: 2, w: 2 }, 'linearizable'],
    [{ 'write-back': false }, 'eventual'],
    [{ tags: 'clock' }, 'eventual'],
    [{ r: 1, w: 1, tags: 'clock' }, 'eventual'],
    [{ r: 1, w: 1 }, 'none'],
    [{ replicas: 3, sloppy: true, tags: 'clock' }, 'eventual'],
    [{ r: 1, w: 1, tags: 'clock', 'anti-entropy': false }, 'none'],
  ])('the protocol quorum with the settings %o promises the level %s', (settings, level) => {
    expect(promiseOf(protocol, settings as { [name: string]: ProtocolSettingValue })).toBe(level)
  })

  test.each([
    [{ replicas: 4 }, 3, 'replicas=4 needs 4 nodes, and there are 3'],
    [{ r: 4 }, 3, 'r=4 waits for more replicas than the 3 that a key has'],
    [{ replicas: 2, w: 3 }, 5, 'w=3 waits for more replicas than the 2 that a key has'],
    [{ sloppy: true }, 5, 'give at most replicas=4'],
  ])('the protocol quorum refuses the settings %o for %d nodes', (settings, nodes, reason) => {
    expect(protocol.impossible?.(settings as { [name: string]: ProtocolSettingValue }, nodes)).toContain(reason)
  })
})
