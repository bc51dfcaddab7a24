import { check, type Report } from '@chaosproxy/checker'
import { createRandom, nemeses, nodeNames, planSchedule, type Schedule } from '@chaosproxy/faults'
import { type Event, historyFromEvents, millis } from '@chaosproxy/history'
import { type AnyMachine, findProtocol, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import type { SimulationOptions } from '../src/cluster.ts'
import { createSimulatedCluster } from '../src/cluster.ts'
import { simulateRun } from './simulate-run.ts'

/** Parameters of one simulated run. */
export interface Case {
  readonly protocol: string
  readonly seed: number
  readonly bug?: string
  readonly targetSettings?: { readonly [name: string]: ProtocolSettingValue }
  readonly faults?: readonly string[]
  readonly schedule?: Schedule
  readonly nodes?: number
  readonly keys?: number
  readonly rate?: number
  readonly timeMs?: number
  readonly simulation?: Partial<SimulationOptions>
  readonly wrap?: (machine: AnyMachine) => AnyMachine
}

export const machineFor = ({ protocol, bug, targetSettings = {} }: Case): AnyMachine =>
  findProtocol(protocol)!.create({ bug, settings: targetSettings })

export const scheduleFor = ({ seed, faults = [], nodes = 5, timeMs = 2000 }: Case): Schedule =>
  planSchedule({
    nemeses: nemeses.filter((nemesis) => faults.includes(nemesis.name)),
    nodes: nodeNames(nodes),
    durationMs: millis(timeMs),
    random: createRandom(`schedule ${seed}`),
  })

export function simulateCase(options: Case): Event[] {
  const { seed, nodes = 5, keys = 3, rate = 300, timeMs = 2000, wrap = (machine) => machine } = options
  const machine = wrap(machineFor(options))
  const cluster = createSimulatedCluster({ machine, nodes, seed, ...options.simulation })
  const events: Event[] = []
  const run = simulateRun(cluster, {
    workload: register,
    settings: { keys },
    schedule: options.schedule ?? scheduleFor(options),
    sink: { append: (event) => events.push(event) },
    clients: 6,
    rate,
    timeMs: millis(timeMs),
    timeoutMs: millis(1000),
    quietMs: millis(3000),
    seed,
  })
  if (run.type === 'stopped') throw new Error(`seed ${seed}: the simulation stopped: ${run.reason}`)
  return events
}

export const judge = (events: readonly Event[]): Report =>
  check(historyFromEvents(events), {
    model: 'register',
    initial: null,
    levels: ['linearizable', 'eventual'],
    failedCas: 'drop',
    deadlineMs: millis(5000),
    memoryBytes: 256 * 2 ** 20,
    now: () => millis(performance.now()),
  })

/** Tries seeds in order; returns the first whose run satisfies `holds`, or undefined. */
export function findSeed(
  options: Omit<Case, 'seed'>,
  level: 'linearizable' | 'eventual',
  seeds: number,
): number | undefined {
  for (let seed = 1; seed <= seeds; seed++)
    if (judge(simulateCase({ ...options, seed })).levels[level].result === 'violated') return seed
  return undefined
}
