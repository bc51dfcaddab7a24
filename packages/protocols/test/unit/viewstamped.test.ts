import { type Input, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol, type MachineEvent, type ProtocolSettingValue } from '../../src/index.ts'
import type { EffectOf } from '../../src/turn.ts'
import type {
  Viewstamped,
  ViewstampedMessage,
  ViewstampedRecord,
  ViewstampedState,
} from '../../src/viewstamped/state.ts'
import { registersOf } from '../raft-node.ts'

interface NodeOptions {
  readonly id?: string
  readonly settings?: { readonly [name: string]: ProtocolSettingValue }
  readonly bug?: string | undefined
  readonly journal?: readonly ViewstampedRecord[]
  readonly seed?: number
}

/**
 * One of three nodes; the test delivers every event. n1 is the primary of views 0, 3, …, n2 of 1, 4, … and n3 of 2, 5,
 * ….
 */
function createNode({ id = 'n1', settings = {}, bug, journal = [], seed = 1 }: NodeOptions) {
  const machine = findProtocol('viewstamped')!.create({ bug, settings })
  const peers = ['n1', 'n2', 'n3'].filter((node) => node !== id)
  const started = machine.start({ id, peers, seed }, journal, millis(0))
  let state = started.state as ViewstampedState
  function step(event: MachineEvent<ViewstampedMessage>): readonly EffectOf<Viewstamped>[] {
    const transition = machine.step(state, event, millis(0), millis(0))
    state = transition.state
    return transition.effects as readonly EffectOf<Viewstamped>[]
  }
  return {
    get state() {
      return state
    },
    started: started.effects as readonly EffectOf<Viewstamped>[],
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: ViewstampedMessage) => step({ type: 'message', from, message }),
    request: (requestId: string, input: Input) => step({ type: 'request', requestId, input }),
  }
}

const write = (value: number): Input => ({ f: 'write', key: 'x', value })
const read: Input = { f: 'read', key: 'x', value: null }
const entry = (term: number, value: number) => ({ term, command: { input: write(value) } })
const sent = (effects: readonly EffectOf<Viewstamped>[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to, ...effect.message }] : []))
const results = (effects: readonly EffectOf<Viewstamped>[]) =>
  effects.flatMap((effect) => (effect.type === 'reply' ? [effect.result] : []))
const recordsOf = (effects: readonly EffectOf<Viewstamped>[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))
const marked = (effects: readonly EffectOf<Viewstamped>[]) => effects.some(({ type }) => type === 'mark')
const prepare = (view: number, from: number, value: number, commit = 0): ViewstampedMessage => ({
  type: 'prepare',
  view,
  from,
  entries: [entry(view, value)],
  commit,
})

describe('normal operation of Viewstamped Replication', () => {
  test('the primary answers once f backups have sent PrepareOk', () => {
    const node = createNode({})
    expect(results(node.request('r1', write(1)))).toEqual([])
    const effects = node.message('n3', { type: 'prepare-ok', view: 0, op: 1, round: 0 })
    expect(results(effects)).toEqual([{ type: 'ok', value: 1 }])
  })

  test('with the bug answer-before-prepare-ok, the primary answers before any PrepareOk', () => {
    const effects = createNode({ bug: 'answer-before-prepare-ok' }).request('r1', write(1))
    expect(results(effects)).toHaveLength(1)
    expect(marked(effects)).toBe(true)
  })

  test('a backup takes requests only in order, and makes each request durable before it confirms the request', () => {
    const node = createNode({ id: 'n2' })
    expect(sent(node.message('n1', prepare(0, 2, 8)))).toEqual([{ to: 'n1', type: 'get-state', view: 0, from: 1 }])
    const effects = node.message('n1', prepare(0, 1, 7)).filter(({ type }) => type !== 'setTimer')
    expect(effects.map(({ type }) => type)).toEqual(['persist', 'send'])
  })

  test('a backup executes the requests that the primary reports as committed', () => {
    const node = createNode({ id: 'n2' })
    node.message('n1', prepare(0, 1, 7))
    expect(registersOf(node.state).get('x')).toBeUndefined()
    node.message('n1', { type: 'commit', view: 0, commit: 1, round: 0 })
    expect(registersOf(node.state).get('x')).toBe(7)
  })

  test('the primary answers a read once a quorum has confirmed its view', () => {
    const node = createNode({})
    expect(results(node.request('r1', read))).toEqual([])
    expect(results(node.message('n2', { type: 'prepare-ok', view: 0, op: 0, round: 1 }))).toEqual([
      { type: 'ok', value: null },
    ])
  })
})

describe('a view change of Viewstamped Replication', () => {
  const doViewChange = (lastNormal: number, ...values: readonly number[]): ViewstampedMessage => ({
    type: 'do-view-change',
    view: 4,
    entries: values.map((value) => entry(lastNormal, value)),
    lastNormal,
    commit: 0,
  })

  test('a view change starts when the primary is silent, and sends the log to the next primary once f other nodes agree', () => {
    const node = createNode({ id: 'n3' })
    const began = node.timer('silence')
    expect(recordsOf(began)).toEqual([{ kind: 'view', view: 1 }])
    expect(sent(began).map(({ type }) => type)).toEqual(['start-view-change', 'start-view-change'])
    const agreed = sent(node.message('n2', { type: 'start-view-change', view: 1 }))
    expect(agreed).toMatchObject([{ to: 'n2', type: 'do-view-change', view: 1, lastNormal: 0 }])
  })

  test.each([
    { bug: undefined, values: [9] },
    { bug: 'stale-view-change', values: [7, 8] },
  ])(
    'a view change takes the log of the latest normal view, not the longest log, unless a bug is planted (bug: $bug)',
    ({ bug, values }) => {
      const node = createNode({ id: 'n2', bug })
      node.message('n1', prepare(0, 1, 7))
      node.message('n1', prepare(0, 2, 8))
      const effects = node.message('n3', doViewChange(2, 9))
      expect(node.state.status).toBe('normal')
      const started = sent(effects).filter(({ type }) => type === 'start-view')
      expect(started).toHaveLength(2)
      expect(node.state.log.entries.map(({ command }) => command?.input.value)).toEqual(values)
      expect(marked(effects)).toBe(bug !== undefined)
    },
  )

  test('a view change takes the longest among the logs of one view', () => {
    const node = createNode({ id: 'n2' })
    node.message('n1', prepare(0, 1, 7))
    node.message('n3', doViewChange(0, 7, 8))
    expect(node.state.log.entries).toHaveLength(2)
  })

  test('after a view change, nodes ignore the old primary even after a restart, except with the bug forget-view', () => {
    const opsAfterRestart = (bug?: string) => {
      const first = createNode({ id: 'n3', bug })
      const journal = recordsOf([...first.started, ...first.timer('silence')])
      const node = createNode({ id: 'n3', bug, journal })
      node.message('n1', prepare(0, 1, 7))
      return node.state.log.entries.length
    }
    expect(opsAfterRestart()).toBe(0)
    expect(opsAfterRestart('forget-view')).toBe(1)
  })

  test('a backup replaces its log with the log in StartView', () => {
    const node = createNode({ id: 'n3' })
    node.message('n1', prepare(0, 1, 7))
    const effects = node.message('n2', { type: 'start-view', view: 4, entries: [entry(1, 5)], commit: 1 })
    expect(sent(effects)).toMatchObject([{ to: 'n2', type: 'prepare-ok', view: 4, op: 1 }])
    expect(registersOf(node.state).get('x')).toBe(5)
  })

  test('a node that missed the view change requests the log, and keeps its own log meanwhile', () => {
    const node = createNode({ id: 'n3' })
    node.message('n1', prepare(0, 1, 7))
    const sentMessages = sent(node.message('n2', { type: 'commit', view: 4, commit: 1, round: 0 }))
    expect(sentMessages).toEqual([{ to: 'n2', type: 'get-state', view: 4, from: 1 }])
    expect(node.state.log.entries).toHaveLength(1)
    node.message('n2', { type: 'new-state', view: 4, from: 1, entries: [entry(1, 5)], commit: 1 })
    expect(node.state).toMatchObject({ view: 4, lastNormal: 4, status: 'normal' })
    expect(registersOf(node.state).get('x')).toBe(5)
  })

  test('a primary that receives no answer from a quorum starts a view change', () => {
    const node = createNode({})
    node.timer('reach')
    expect(node.state.status).toBe('normal')
    node.timer('reach')
    expect(node.state).toMatchObject({ status: 'view-change', view: 1 })
  })
})

describe('recovery in Viewstamped Replication', () => {
  const settings = { recovery: 'nonce' }
  const journal = [{ kind: 'view', view: 0 }] as const
  const response = (nonce: number, values: readonly number[] | null): ViewstampedMessage => ({
    type: 'recovery-response',
    view: 0,
    nonce,
    entries: values?.map((value) => entry(0, value)) ?? null,
    commit: 0,
  })

  test('without recovery=nonce, a restarted node uses the journal and needs no other node', () => {
    const first = createNode({ id: 'n2' })
    const kept = recordsOf([...first.started, ...first.message('n1', prepare(0, 1, 7))])
    const node = createNode({ id: 'n2', journal: kept })
    expect(node.state).toMatchObject({ status: 'normal', view: 0 })
    expect(node.state.log.entries).toHaveLength(1)
  })

  test('with recovery=nonce, a node waits for f + 1 responses, including one from the primary of the latest view', () => {
    const node = createNode({ id: 'n2', settings, journal, seed: 5 })
    expect(sent(node.started)).toMatchObject([{ type: 'recovery', nonce: 5 }, { type: 'recovery' }])
    node.message('n1', response(5, [7]))
    expect(node.state.status).toBe('recovering')
    node.message('n3', response(5, null))
    expect(node.state.status).toBe('normal')
    expect(node.state.log.entries).toHaveLength(1)
  })

  test('a recovering node sends no reply to Prepare, StartViewChange and Recovery messages of other nodes', () => {
    const node = createNode({ id: 'n2', settings, journal })
    expect(node.message('n1', prepare(0, 1, 7))).toEqual([])
    expect(node.message('n3', { type: 'start-view-change', view: 1 })).toEqual([])
    expect(node.message('n3', { type: 'recovery', nonce: 9 })).toEqual([])
  })

  test('a recovering node ignores responses to an earlier recovery', () => {
    const node = createNode({ id: 'n2', settings, journal, seed: 5 })
    node.message('n1', response(4, []))
    node.message('n3', response(5, null))
    expect(node.state.status).toBe('recovering')
  })

  test('with the bug skip-recovery, a restarted node is in normal status immediately, without recovery', () => {
    const node = createNode({ id: 'n2', settings, journal, bug: 'skip-recovery' })
    expect(node.state).toMatchObject({ status: 'normal', view: 0 })
    expect(marked(node.started)).toBe(true)
  })

  test('a recovered node resumes a view change that it had joined before', () => {
    const node = createNode({ id: 'n2', settings, journal: [...journal, { kind: 'view', view: 1 }], seed: 5 })
    node.message('n1', response(5, [7]))
    node.message('n3', response(5, null))
    expect(node.state).toMatchObject({ status: 'view-change', view: 1, lastNormal: 0 })
    expect(node.state.log.entries).toHaveLength(1)
  })

  test('the setting recovery=nonce requires at least 3 nodes', () => {
    const { impossible } = findProtocol('viewstamped')!
    expect(impossible?.(settings, 2)).toContain('needs 3 nodes')
    expect(impossible?.(settings, 3)).toBeUndefined()
  })
})
