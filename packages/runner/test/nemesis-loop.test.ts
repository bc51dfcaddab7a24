import { createRandom } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import type { RunRecorder } from '../src/clients/recorder.ts'
import { startNemesisLoop } from '../src/nemesis/nemesis-loop.ts'
import type { Cluster, Healed } from '../src/ports/cluster.ts'

test('a fault injected after its planned end does not end before it begins', () => {
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

test('a stopped loop calls back even if it is asked to heal meanwhile', () => {
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
