import type { Counterexample } from '@chaosproxy/checker'
import { linksBetween } from '@chaosproxy/faults'
import type { History } from '@chaosproxy/history'
import type { FaultRecord, RunSummary } from '../../runner/src/result/run-summary.ts'
import { type Made, made, met, ms, ns, report, summary, unknown, violated } from '../../testing/src/timeline.ts'

/** Returns a generator of numbers from 0 to 1, which are the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const faults: readonly FaultRecord[] = [
  [3000, 5200, { kind: 'kill', nodes: ['n3'] } as const],
  [7000, 9300, { kind: 'partition', links: linksBetween([['n2'], ['n1', 'n3']]), mode: 'hold' } as const],
  [11_870, 14_310, { kind: 'partition', links: linksBetween([['n1'], ['n2', 'n3']]), mode: 'hold' } as const],
  [15_500, 16_400, { kind: 'pause', nodes: ['n1'] } as const],
].map(([from, to, fault], i) => ({
  id: `fault-${i + 1}`,
  fault: fault as FaultRecord['fault'],
  from: ms(from as number),
  to: ms(to as number),
  hits: i === 0 ? 0 : 40 * i,
  recoveryNanos: i === 3 ? ms(610) : undefined,
}))

/** An invented run of a primary with two replicas. While a partition blocks the replication, readers see old values. */
export function sampleRun(count: number, seed = 7): { readonly history: History; readonly run: RunSummary } {
  const random = randomFrom(seed)
  const clients = 10
  const end = 20e9
  const free = Array.from({ length: clients }, () => random() * 1e7)
  const process = Array.from({ length: clients }, (_, i) => i)
  let processes = clients
  const keys = ['x', 'y', 'z', 'w']
  const value = new Map<string, number>()
  const lagging = new Map<string, number>()
  const operations: Made[] = []
  const inFault = (kind: string, time: number): boolean =>
    faults.some((fault) => fault.fault.kind === kind && fault.from <= time && time <= fault.to)
  while (operations.length < count) {
    const client = free.indexOf(Math.min(...free))
    const from = Math.round(free[client] ?? 0)
    const key = keys[Math.floor(random() * keys.length)] ?? 'x'
    const slow = inFault('pause', from) ? 40 : inFault('partition', from) ? 4 : 1
    const took = (0.4 + random() ** 6 * 6) * 1e6 * slow
    const gap = (end / count) * clients
    free[client] = from + Math.max(took + 1e4, gap * (0.6 + 0.8 * random()))
    const p = process[client] ?? 0
    if (inFault('pause', from) && random() < 0.02) {
      operations.push({
        p,
        f: 'write',
        key,
        in: operations.length,
        from,
        to: from + 500e6,
        type: 'info',
        error: 'timeout',
        node: 'n1',
      })
      process[client] = processes++
      free[client] = from + 501e6
    } else if (inFault('kill', from) && random() < 0.05) {
      operations.push({
        p,
        f: 'read',
        key,
        from,
        to: from + took,
        type: 'fail',
        error: 'connection refused',
        node: 'n3',
      })
    } else if (random() < 0.5) {
      if (!inFault('partition', from)) lagging.set(key, value.get(key) ?? 0)
      value.set(key, operations.length)
      operations.push({ p, f: 'write', key, in: operations.length, from, to: from + took, node: 'n1' })
    } else {
      const node = `n${1 + Math.floor(random() * 3)}`
      const seen = node === 'n1' ? value.get(key) : lagging.get(key)
      operations.push({ p, f: 'read', key, out: seen ?? null, from, to: from + took, node })
    }
  }
  // These operations contradict each other. No other operation uses the key `jose`, so the history really contains the
  // contradiction.
  const at = 12_031e6
  const story: Made[] = [
    { p: 90, f: 'write', key: 'jose', in: 6, from: at - 14e6, to: at - 12.4e6, node: 'n1' },
    { p: 91, f: 'read', key: 'jose', out: 6, from: at - 9e6, to: at - 7.9e6, node: 'n3' },
    { p: 90, f: 'write', key: 'jose', in: 7, from: at, to: at + 1.9e6, node: 'n1' },
    { p: 91, f: 'read', key: 'jose', out: 7, from: at + 3e6, to: at + 4.2e6, node: 'n1' },
    { p: 90, f: 'read', key: 'jose', out: 6, from: at + 5.8e6, to: at + 7.1e6, node: 'n2' },
  ]
  const history = made([...operations, ...story])
  const jose = history.keys.indexOf('jose')
  const rows = Array.from(history.operations.key.keys()).filter((row) => history.operations.key[row] === jose)
  const counterexample: Counterexample = {
    level: 'linearizable',
    sentence:
      'process 90 read 6 from n2 at 12.037 s, 3.9 ms after its own write of 7 was acknowledged by n1 at 12.033 s.',
    operations: rows.map((operation, i) => ({ operation, role: i === 1 || i === 3 ? 'context' : 'core' })),
    keys: ['jose'],
    culprit: rows[4],
    statesBefore: [7],
  }
  const outcomes = [0, 1, 2].map((outcome) => history.operations.outcome.filter((o) => o === outcome).length)
  const phase = (name: string, share: number, availability: number, p99: number) => ({
    phase: name,
    majority: true,
    share,
    operations: Math.round(count * share),
    availability,
    p50Nanos: ns(0.9e6),
    p99Nanos: ns(p99),
    slowestRecoveryNanos: availability < 0.99 ? ms(610) : undefined,
  })
  const run = summary({
    report: report(
      'only eventually consistent',
      {
        linearizable: violated(counterexample),
        sequential: unknown('out of time after 30 s: 1,204,000 states seen'),
        eventual: met,
      },
      { info: { total: outcomes[2] ?? 0, happened: 9, undecided: 1 } },
    ),
    expectation: { level: 'linearizable', met: false },
    convergedAfterHealNanos: ms(340),
    faults,
    operations: {
      total: history.operations.length,
      ok: outcomes[0] ?? 0,
      fail: outcomes[1] ?? 0,
      info: outcomes[2] ?? 0,
      reads: Math.round(count / 2),
      writes: Math.round(count / 2),
      cas: 0,
    },
    phases: [
      phase('calm', 0.41, 1, 3.1e6),
      phase('partition', 0.27, 0.9612, 412e6),
      phase('kill', 0.18, 0.98703, 388e6),
      phase('pause', 0.14, 0.97951, 510e6),
    ],
    nodes: ['n1', 'n2', 'n3'].map((node, i) => ({ node, operations: count / 3, availability: 1 - i * 0.012 })),
  })
  return { history, run }
}
