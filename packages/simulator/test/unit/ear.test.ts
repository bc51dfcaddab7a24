import { linksBetween } from '@chaosproxy/faults'
import { millis, nanos } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition } from '@chaosproxy/protocols'
import type { Scenario } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'
import { workloads } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { runScenario } from '../../src/search/trial.ts'

// An `Ear` records the messages between nodes, and whether each of them arrived.

const at = (ms: number) => nanos(ms * 1e6)

function heardIn(faults: Scenario['faults'], more: Partial<Listening> = {}) {
  const protocol = findProtocol('primary-replica') as ProtocolDefinition
  const workload = workloads.find(({ name }) => name === 'register')
  if (workload === undefined) throw new Error('there is no register')
  const scenario: Scenario = {
    ...{
      target: 'primary-replica',
      workload: 'register',
      settings: {},
      bug: undefined,
      targetSettings: { failover: false },
    },
    ...{ nodes: 3, seed: 1, timeoutMs: millis(200) },
    operations: [
      { at: at(100), client: 0, node: 'n1', input: { f: 'write', key: 'x', value: 1 } },
      { at: at(200), client: 0, node: 'n1', input: { f: 'write', key: 'x', value: 2 } },
    ],
    faults,
  }
  const subject = {
    ...{
      target: 'primary-replica',
      protocol,
      bug: undefined,
      targetSettings: scenario.targetSettings,
      level: 'eventual',
      workload,
    },
    ...{ settings: {}, nodes: 3, operations: 2 },
  }
  const listening = { from: at(0), to: at(10_000), between: [], about: [{ key: 'x', value: 2 }], ...more }
  const limits = { memoryBytes: 1e8, now: () => millis(0), invariants: false }
  const { heard, events } = runScenario(subject, scenario, { ...limits, listening })
  const unheard = runScenario(subject, scenario, limits)
  return { messages: heard?.messages ?? [], events, unheard: unheard.events, isCut: heard?.isCut }
}

test('createEar records which messages carry a change, their receivers and their arrival times', () => {
  const { messages, events, unheard } = heardIn([])
  const replicated = messages.filter(({ type }) => type === 'replicate')
  expect(new Set(replicated.map(({ to }) => to)).size).toBe(2)
  for (const { sentAt, endedAt, fate, carries } of messages) {
    expect(carries).toEqual({ key: 'x', value: 2 })
    expect(fate).toBe('received')
    expect(sentAt).toBeGreaterThanOrEqual(at(200))
    expect(endedAt).toBeGreaterThan(sentAt)
  }
  // Listening changes nothing.
  expect(unheard).toEqual(events)
})

test('createEar records that a message was held, lost, or sent to a node that was down', () => {
  const partition = (mode: 'hold' | 'drop') => ({
    from: at(150),
    to: at(400),
    fault: { kind: 'partition', mode, links: linksBetween([['n1', 'n2'], ['n3']]) } as const,
  })
  const toN3 = (faults: Scenario['faults']) => heardIn(faults).messages.filter(({ to }) => to === 'n3')
  const [held] = toN3([partition('hold')])
  expect(held).toMatchObject({ fate: 'received', by: 'partition' })
  expect(held?.endedAt).toBeGreaterThanOrEqual(at(400))
  expect(toN3([partition('drop')])[0]).toMatchObject({ fate: 'lost', by: 'partition' })
  const [down] = toN3([{ from: at(150), to: at(400), fault: { kind: 'kill', nodes: ['n3'] } }])
  expect(down).toMatchObject({ fate: 'lost', by: 'down' })
})

test('createEar records exactly the messages between two nodes before its end time', () => {
  const { messages } = heardIn([], { between: ['n1', 'n2'], to: at(150), about: [] })
  expect(messages.length).toBeGreaterThan(0)
  for (const { from, to, sentAt, carries } of messages) {
    expect([from, to].toSorted()).toEqual(['n1', 'n2'])
    expect(sentAt).toBeLessThanOrEqual(at(150))
    expect(carries).toBeUndefined()
  }
})
