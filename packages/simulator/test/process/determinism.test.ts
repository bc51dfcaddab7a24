import { millis, nanos } from '@chaosproxy/history'
import { type AnyMachine, protocols } from '@chaosproxy/protocols'
import { expect, test } from 'vitest'
import { createSimulatedCluster } from '../../src/cluster.ts'
import { type Case, machineFor, simulateCase } from '../cases.ts'

const read = { input: { f: 'read', key: 'x', value: null }, harmless: true }
const FAULTS = ['partition', 'kill', 'pause', 'loss', 'delay', 'reset', 'slow']

const names = protocols.map((protocol) => protocol.name)
/**
 * Copying every state is slow, so all protocols together get only six simulated seconds. Each protocol gets enough of
 * them for its faults.
 */
const COPIED_MS = Math.max(500, 6000 / names.length)

test.each(names)('two runs of %s with the same seed have the same history to the byte', (protocol) => {
  const options: Case = { protocol, seed: 11, faults: FAULTS }
  expect(JSON.stringify(simulateCase(options))).toBe(JSON.stringify(simulateCase(options)))
})

test('two runs with different seeds have different histories', () => {
  const one = simulateCase({ protocol: 'raft', seed: 1, faults: FAULTS })
  expect(simulateCase({ protocol: 'raft', seed: 2, faults: FAULTS })).not.toEqual(one)
})

const copied = ({ state, effects }: ReturnType<AnyMachine['step']>) => structuredClone({ state, effects })

/** Copies every state, message and record, so that no step shares an object with another step. */
const copying = (machine: AnyMachine): AnyMachine => ({
  start: (node, journal, now) => copied(machine.start(node, structuredClone(journal), now)),
  step: (state, event, now, steady) =>
    copied(machine.step(structuredClone(state), structuredClone(event), now, steady)),
  status: machine.status,
})

test.each(names)('a run of %s has the same history if every step changes a copy of its state', (protocol) => {
  const options: Case = { protocol, seed: 3, faults: FAULTS, timeMs: COPIED_MS, rate: 150 }
  expect(simulateCase({ ...options, wrap: copying })).toEqual(simulateCase(options))
})

test('the faults of a link do not depend on messages of another link', () => {
  const arrivals = (extra: boolean): number[] => {
    const machine = machineFor({ protocol: 'master-master', seed: 1 })
    const cluster = createSimulatedCluster({ machine, nodes: 3, seed: 1 })
    const times: number[] = []
    if (extra) cluster.connect('n3').invoke(read, millis(1000), () => {})
    cluster.clock.at(nanos(5e6), () =>
      cluster.connect('n1').invoke(read, millis(1000), () => times.push(cluster.clock.now())),
    )
    cluster.run(() => times.length > 0, { events: 10_000, durationMs: millis(1000) })
    return times
  }
  expect(arrivals(true)).toEqual(arrivals(false))
})

test('a simulated cluster reports whether it ran out of time or out of events', () => {
  const cluster = createSimulatedCluster({ machine: machineFor({ protocol: 'raft', seed: 1 }), nodes: 3, seed: 1 })
  expect(cluster.run(() => false, { events: 1_000_000, durationMs: millis(100) })).toBe('too much time')
  expect(cluster.run(() => false, { events: 10, durationMs: millis(100_000) })).toBe('too many events')
  expect(cluster.run(() => true, { events: 10, durationMs: millis(1) })).toBe('done')
})
