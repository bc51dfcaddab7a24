import type { Event, Process } from '@chaosproxy/history'
import { type Metric, processMetrics, type Sample } from '@chaosproxy/proxy/control'
import type { PlannedRun, RunEvent } from '@chaosproxy/runner'

/** The counters of a run so far, in the format of Prometheus. */
export interface RunMetrics {
  note(event: RunEvent): void
  read(): readonly Metric[]
}

type Progress = Extract<RunEvent, { type: 'status' }>['progress']

/** Upper bounds of the buckets in seconds; the last is infinite. */
const BOUNDS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, Number.POSITIVE_INFINITY]

interface Latencies {
  /** For each bucket, the number of values above the previous bound and up to its own. */
  readonly counts: number[]
  sumS: number
}

interface Totals {
  readonly open: Map<Process, Event>
  readonly operations: Map<string, number>
  readonly latencies: Map<string, Latencies>
  readonly faults: Map<string, number>
}

export function createRunMetrics({
  spec,
  target,
  workload,
}: Pick<PlannedRun, 'spec' | 'target' | 'workload'>): RunMetrics {
  const totals: Totals = { open: new Map(), operations: new Map(), latencies: new Map(), faults: new Map() }
  let progress: Progress | undefined
  const about = { target: target.name, workload: workload.name, seed: String(spec.seed) }
  return {
    note(event) {
      if (event.type === 'status') progress = event.progress
      if (event.type === 'event') noteEvent(totals, event.event)
    },
    read: () => [
      metric('info', 'gauge', 'Which run this is.', [{ labels: about, value: 1 }]),
      ...operationMetrics(totals),
      metric('faults_total', 'counter', 'Faults injected, by kind.', byKind(totals.faults)),
      ...(progress === undefined ? [] : statusMetrics(progress)),
      ...processMetrics(),
    ],
  }
}

const metric = (name: string, type: Metric['type'], help: string, samples: readonly Sample[]): Metric => ({
  name: `chaos_run_${name}`,
  type,
  help,
  samples,
})

function noteEvent({ open, operations, latencies, faults }: Totals, event: Event): void {
  const { process, type, f, time } = event
  if (process === 'nemesis') {
    if (f !== 'heal' && isOfFault(event)) add(faults, f)
    return
  }
  if (type === 'invoke') {
    open.set(process, event)
    return
  }
  add(operations, `${type} ${f}`)
  const invoked = open.get(process)
  open.delete(process)
  if (invoked === undefined || type === 'info') return
  const of = latencies.get(f) ?? { counts: BOUNDS_S.map(() => 0), sumS: 0 }
  latencies.set(f, of)
  const seconds = (time - invoked.time) / 1e9
  const bound = BOUNDS_S.findIndex((most) => seconds <= most)
  of.counts[bound] = (of.counts[bound] ?? 0) + 1
  of.sumS += seconds
}

/** Reports whether an event belongs to a fault. Only events of faults have a value with an `id`. */
const isOfFault = ({ value }: Event): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'id')

const add = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)

const byKind = (counts: ReadonlyMap<string, number>): readonly Sample[] =>
  [...counts].map(([kind, value]) => ({ labels: { kind }, value }))

const operationMetrics = ({ open, operations, latencies }: Totals): readonly Metric[] => [
  metric(
    'operations_total',
    'counter',
    'Operations that ended, by function and outcome; info: nobody knows whether they took effect.',
    [...operations].map(([name, value]) => {
      const [outcome = '', ...rest] = name.split(' ')
      return { labels: { function: rest.join(' '), outcome }, value }
    }),
  ),
  metric('open_operations', 'gauge', 'Operations under way.', [{ labels: {}, value: open.size }]),
  metric(
    'operation_seconds',
    'histogram',
    'Duration of operations with a known outcome.',
    [...latencies].flatMap(([name, of]) => histogramOf(name, of)),
  ),
]

function histogramOf(name: string, { counts, sumS }: Latencies): readonly Sample[] {
  let total = 0
  const buckets = BOUNDS_S.map((bound, i) => {
    total += counts[i] ?? 0
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
    return { part: 'bucket', labels: { function: name, le }, value: total }
  })
  const labels = { function: name }
  return [...buckets, { part: 'sum', labels, value: sumS }, { part: 'count', labels, value: total }]
}

function statusMetrics({ elapsed, activeFaults, leader, nodes, level, soFar }: Progress): readonly Metric[] {
  const inForce = new Map<string, number>()
  for (const { kind } of activeFaults) add(inForce, kind)
  const ofNodes = (value: (node: Progress['nodes'][number]) => number): readonly Sample[] =>
    nodes.map((node) => ({ labels: { node: node.node }, value: value(node) }))
  return [
    metric('elapsed_seconds', 'gauge', 'Time since the run began.', [{ labels: {}, value: elapsed / 1e9 }]),
    metric('faults_in_force', 'gauge', 'Faults in force now, by kind.', byKind(inForce)),
    metric(
      'node_up',
      'gauge',
      'Whether the node reports its status.',
      ofNodes(({ status }) => (status ? 1 : 0)),
    ),
    metric(
      'node_leads',
      'gauge',
      'Whether clients are sent to it.',
      ofNodes(({ node }) => (node === leader?.node ? 1 : 0)),
    ),
    metric(
      'verdict',
      'gauge',
      'The verdict so far: 1 for the current one, 0 for the others.',
      [level, `not ${level}`, 'not certain'].map((verdict) => ({
        labels: { verdict },
        value: verdict === soFar ? 1 : 0,
      })),
    ),
  ]
}
