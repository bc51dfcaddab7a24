import { createRandom } from '@chaosproxy/faults'
import { type Json, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import type { RunRecorder } from '../../src/clients/recorder.ts'
import { startNemesisLoop } from '../../src/nemesis/nemesis-loop.ts'
import type { Cluster, Healed } from '../../src/ports/cluster.ts'
import type { FaultRecord } from '../../src/result/run-summary.ts'

test('a fault that was injected after its planned end is recorded with equal start and end', () => {
  let time = 0
  const due: (() => void)[] = []
  const cluster: Pick<Cluster, 'nodes' | 'clock' | 'status' | 'inject'> = {
    nodes: ['n1'],
    clock: {
      now: () => nanos(time),
      at(_, callback) {
        due.push(callback)
        return () => {}
      },
    },
    status: () => new Map(),
    inject: (_, injected) => injected({ type: 'injected', heal: (healed) => healed({ type: 'healed', hits: 1 }) }),
  }
  const loop = startNemesisLoop({
    cluster: cluster as Cluster,
    recorder: { nemesis: () => {} } as unknown as RunRecorder,
    schedule: [{ id: 'fault-1', from: nanos(200), to: nanos(200), plan: { kind: 'kill', nodes: ['n1'] } }],
    startedAt: nanos(0),
    random: createRandom('late'),
  })
  time = 203
  for (const callback of due.splice(0)) callback()
  expect(loop.injected()).toEqual([{ fault: { kind: 'kill', nodes: ['n1'] }, from: 203, to: 203 }])
})

test('a stopped nemesis loop calls its callback even if another heal is requested meanwhile', () => {
  const due: (() => void)[] = []
  const healings: ((outcome: Healed) => void)[] = []
  const cluster: Pick<Cluster, 'nodes' | 'clock' | 'status' | 'inject'> = {
    nodes: ['n1', 'n2', 'n3'],
    clock: {
      now: () => nanos(0),
      at(_, callback) {
        due.push(callback)
        return () => {}
      },
    },
    status: () => new Map(),
    inject: (_, injected) => injected({ type: 'injected', heal: (healed) => healings.push(healed) }),
  }
  const recorder: Pick<RunRecorder, 'nemesis'> = { nemesis: () => {} }
  const loop = startNemesisLoop({
    cluster: cluster as Cluster,
    recorder: recorder as RunRecorder,
    schedule: [{ id: 'fault-1', from: nanos(0), to: nanos(1e9), plan: { kind: 'pause', nodes: ['n1'] } }],
    startedAt: nanos(0),
    random: createRandom('stopped'),
  })
  due[0]?.()
  const calledBack: string[] = []
  loop.stop((records) => calledBack.push(...records.map(({ id }) => id)))
  loop.heal(() => calledBack.push('healed'))
  for (const healed of healings) healed({ type: 'healed', hits: 1 })
  expect(calledBack).toEqual(['fault-1'])
})

test('the record of a kill has the time at which its heal started, unlike the record of a pause', () => {
  let time = 0
  const due: (() => void)[] = []
  const healings: ((outcome: Healed) => void)[] = []
  const cluster: Pick<Cluster, 'nodes' | 'clock' | 'status' | 'inject'> = {
    nodes: ['n1', 'n2', 'n3'],
    clock: {
      now: () => nanos(time),
      at(_, callback) {
        due.push(callback)
        return () => {}
      },
    },
    status: () => new Map(),
    inject: (_, injected) => injected({ type: 'injected', heal: (healed) => healings.push(healed) }),
  }
  const told: Json[] = []
  const recorder: Pick<RunRecorder, 'nemesis'> = { nemesis: (f, value) => f === 'heal' && told.push(value) }
  const loop = startNemesisLoop({
    cluster: cluster as Cluster,
    recorder: recorder as RunRecorder,
    schedule: [
      { id: 'fault-1', from: nanos(0), to: nanos(500), plan: { kind: 'kill', nodes: ['n1'] } },
      { id: 'fault-2', from: nanos(0), to: nanos(500), plan: { kind: 'pause', nodes: ['n2'] } },
    ],
    startedAt: nanos(0),
    random: createRandom('starting'),
  })
  for (const callback of due.splice(0)) callback()
  time = 500
  let records: readonly FaultRecord[] = []
  loop.stop((all) => {
    records = all
  })
  time = 800
  for (const healed of healings) healed({ type: 'healed', hits: 1 })
  expect(records).toMatchObject([
    { id: 'fault-1', from: 0, healingFrom: 500, to: 800 },
    { id: 'fault-2', from: 0, to: 800 },
  ])
  expect(records[1]).not.toHaveProperty('healingFrom')
  expect(told).toMatchObject([{ id: 'fault-1', healingFrom: 500 }, { id: 'fault-2' }])
})
