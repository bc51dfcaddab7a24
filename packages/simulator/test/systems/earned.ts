import { check, type Report } from '@chaosproxy/checker'
import { createRandom, nemeses, nodeNames, parseSchedule, planSchedule } from '@chaosproxy/faults'
import { type Event, historyFromEvents, millis } from '@chaosproxy/history'
import { findProtocol, stickinessOf } from '@chaosproxy/protocols'
import { settingsFor, type Workload, workloads } from '@chaosproxy/workloads'
import { createSimulatedCluster } from '../../src/cluster.ts'
import { simulateRun } from '../simulate-run.ts'
import { type SystemRow, titleOf } from './row.ts'

const NODES = 5
/**
 * Runs of both paces have the same number of operations. `CALM_PACE`, for runs without faults, is faster, because only
 * operations close together then show in which order they take effect.
 */
const CALM_PACE = { timeMs: millis(300), rate: 1_000 }
const USUAL_PACE = { timeMs: millis(1_500), rate: 200 }

/** The combined results of one row's runs. */
export interface RowResult {
  readonly runs: number
  /** Levels that every run must meet, but some run did not. Each has the first such seed and the reason. */
  readonly missed: readonly string[]
  /** Levels that some run must violate, but no run has violated so far. */
  readonly unbroken: readonly string[]
  readonly loses: boolean
}

/** Runs the system of a row with each seed in turn, until `enough` returns true for the combined results. */
export function showRow(row: SystemRow, seeds: Iterable<number>, enough: (result: RowResult) => boolean): RowResult {
  const { meets, breaks = [], loses = false } = row.earns
  let shown: RowResult = { runs: 0, missed: [], unbroken: breaks, loses: false }
  for (const seed of seeds) {
    const { levels, lost } = runRow(row, seed)
    const missed = meets.flatMap((level) => {
      const verdict = levels[level]
      return verdict?.result === 'met' ? [] : [`seed ${seed}: ${level} is ${verdict?.result ?? 'not judged'}`]
    })
    if (lost.length > 0 && !loses) missed.push(`seed ${seed}: lost ${lost.length} acknowledged writes`)
    shown = {
      runs: shown.runs + 1,
      missed: [...shown.missed, ...missed],
      unbroken: shown.unbroken.filter((level) => levels[level]?.result !== 'violated'),
      loses: shown.loses || lost.length > 0,
    }
    if (enough(shown)) break
  }
  return shown
}

/**
 * Whether the runs have violated every level that some run must violate, and have lost writes if some run must lose
 * them.
 */
export const isComplete = ({ earns: { loses = false } }: SystemRow, shown: RowResult): boolean =>
  shown.unbroken.length === 0 && (!loses || shown.loses)

function runRow(row: SystemRow, seed: number): Report<string> {
  const { protocol, targetSettings = {}, nodes = NODES, faults, earns } = row
  const workload = workloadOf(row)
  const { timeMs, rate } = faults.length === 0 && row.aimed === undefined ? CALM_PACE : USUAL_PACE
  const machine = findProtocol(protocol)!.create({ object: workload.object, settings: targetSettings })
  const events: Event[] = []
  const run = simulateRun(createSimulatedCluster({ machine, nodes, seed }), {
    workload,
    settings: settingsFor(workload, { ...fewKeys(workload), ...row.settings }, !earns.meets.includes('linearizable')),
    schedule:
      row.aimed !== undefined
        ? parseSchedule(row.aimed, titleOf(row))
        : planSchedule({
            nemeses: nemeses.filter(({ name }) => faults.includes(name)),
            nodes: nodeNames(nodes),
            durationMs: timeMs,
            random: createRandom(`schedule ${seed}`),
          }),
    sink: { append: (event) => events.push(event) },
    // Four clients for each node. The last of the four calls a random node each time.
    clients: 20,
    sticky: stickinessOf(findProtocol(protocol)!, targetSettings),
    rate: row.rate ?? rate,
    timeMs,
    timeoutMs: millis(1_000),
    quietMs: millis(3_000),
    seed,
  })
  if (run.type === 'stopped') throw new Error(`seed ${seed}: the simulation stopped: ${run.reason}`)
  const asked = [...earns.meets, ...(earns.breaks ?? []), 'eventual']
  return check(historyFromEvents(events), {
    model: workload.model,
    initial: workload.initial,
    levels: workload.levels.filter((level) => asked.includes(level)),
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 256 * 2 ** 20,
    now: () => millis(performance.now()),
  })
}

const workloadOf = ({ workload: wanted = 'register' }: SystemRow): Workload =>
  workloads.find(({ name }) => name === wanted)!

/** A few keys, so that operations on them overlap. */
const fewKeys = ({ settings }: Workload) => (settings.some(({ name }) => name === 'keys') ? { keys: 3 } : {})
