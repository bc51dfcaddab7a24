import { type Counterexample, type Level, levels, type Reason, type Report, type Verdict } from '@chaosproxy/checker'
import {
  type Event,
  FAIL,
  FLAG_FINAL,
  type History,
  INFO,
  type Json,
  type Nanos,
  OK,
  ValueTable,
} from '@chaosproxy/history'
import type { RunSummary } from '../../runner/src/result/run-summary.ts'

export const ns = (value: number): Nanos => Math.round(value) as Nanos
export const ms = (value: number): Nanos => ns(value * 1e6)

/**
 * One operation of a hand-made history. `from` and `to` are its call and its return in nanoseconds. `to` is absent if
 * the operation was never answered.
 */
export interface Made {
  readonly p: number
  readonly f: string
  readonly key?: string
  readonly in?: Json
  readonly out?: Json
  readonly type?: 'ok' | 'fail' | 'info'
  readonly from: number
  readonly to?: number
  readonly node?: string
  readonly final?: boolean
  readonly error?: string
}

/** Returns a history numbered like a file with a header and one event per line. */
export function made(operations: readonly Made[], nemesis: readonly Event[] = [], processes: string[] = []): History {
  const ops = [...operations].sort((a, b) => a.from - b.from)
  const events = ops.flatMap((op, row) => [
    { row, time: op.from, call: true },
    ...(op.to === undefined ? [] : [{ row, time: op.to, call: false }]),
  ])
  events.sort((a, b) => a.time - b.time || Number(a.call) - Number(b.call))
  const values = new ValueTable()
  const names = <T>(pick: (op: Made) => T | undefined): T[] => [
    ...new Set(ops.map(pick).filter((name): name is T & {} => name !== undefined && name !== null)),
  ]
  const functions = names((op) => op.f)
  const keys = names((op) => op.key)
  const nodes = names((op) => op.node).sort()
  const n = ops.length
  const numberOf = (things: readonly string[]): ((thing: string | undefined) => number) => {
    const numbers = new Map(things.map((thing, i) => [thing, i]))
    return (thing) => (thing === undefined ? -1 : (numbers.get(thing) ?? -1))
  }
  const [functionNumber, keyNumber, nodeNumber] = [numberOf(functions), numberOf(keys), numberOf(nodes)]
  const callEvent = new Int32Array(n)
  const returnEvent = new Int32Array(n).fill(-1)
  for (const [at, event] of events.entries()) (event.call ? callEvent : returnEvent)[event.row] = at
  const outcomes = { ok: OK, fail: FAIL, info: INFO }
  return {
    header: { chaos: 1, model: 'register' },
    operations: {
      length: n,
      process: Int32Array.from(ops, (op) => op.p),
      f: Uint8Array.from(ops, (op) => functionNumber(op.f)),
      key: Int32Array.from(ops, (op) => keyNumber(op.key)),
      input: Int32Array.from(ops, (op) => values.id(op.in ?? null)),
      output: Int32Array.from(ops, (op) => values.id(op.out ?? op.in ?? null)),
      outcome: Uint8Array.from(ops, (op) => outcomes[op.type ?? (op.to === undefined ? 'info' : 'ok')]),
      callEvent,
      returnEvent,
      callTime: Float64Array.from(ops, (op) => op.from),
      returnTime: Float64Array.from(ops, (op) => op.to ?? Number.POSITIVE_INFINITY),
      node: Int32Array.from(ops, (op) => nodeNumber(op.node)),
      flags: Uint8Array.from(ops, (op) => (op.final ? FLAG_FINAL : 0)),
      callLine: Int32Array.from(callEvent, (at) => at + 2),
      returnLine: Int32Array.from(returnEvent, (at) => (at < 0 ? 0 : at + 2)),
    },
    values,
    functions,
    keys,
    nodes,
    processCount: ops.reduce((most, op) => Math.max(most, op.p + 1), 0),
    processName: (process) => processes[process] ?? String(process),
    nemesis,
    errorOf: (row) => ops[row]?.error,
    eventCount: events.length + nemesis.length,
    hasSessions: false,
    sessionOf: (process) => process,
    sessionName: String,
    marks: [],
    passedOn: [],
    warnings: [],
  }
}

export const unknown = (text: string, kind: Reason['kind'] = 'record'): Verdict => ({
  result: 'unknown',
  reason: { kind, text },
})
export const met: Verdict = { result: 'met', witness: { kind: 'order', orders: [] } }
export const follows = (by: Level): Verdict => ({ result: 'met', witness: { kind: 'implied', by } })
export const violated = (counterexample: Counterexample): Verdict => ({ result: 'violated', counterexample })

/** Returns a report in which a level without a verdict is undecided. */
export function report(
  headline: string,
  verdicts: Partial<Record<Level, Verdict>>,
  more: Partial<Report> = {},
): Report {
  return {
    model: 'register',
    headline,
    levels: Object.fromEntries(
      levels.map((level) => [level, verdicts[level] ?? unknown('not asked for')]),
    ) as Report['levels'],
    info: { total: 0, happened: 0, undecided: 0 },
    lost: [],
    ...more,
  }
}

export const allMet = (): Report =>
  report(
    'linearizable',
    Object.fromEntries(levels.map((level) => [level, level === 'linearizable' ? met : follows('linearizable')])),
  )

export function summary(more: Partial<RunSummary> = {}): RunSummary {
  return {
    chaos: 1,
    version: '0.1.0',
    spec: {
      target: { name: 'primary-replica', settings: {} },
      workload: { name: 'register', settings: { keys: 4 } },
      nodes: 3,
      clients: 10,
      rate: 3000,
      timeMs: 20_000 as RunSummary['spec']['timeMs'],
      timeoutMs: 500 as RunSummary['spec']['timeoutMs'],
      faults: ['partition', 'kill', 'pause'],
      seed: 4417,
    },
    startedAt: '2026-11-20T07:45:01.000Z',
    tier: 'real',
    durationNanos: ns(20e9),
    interrupted: false,
    schedule: [],
    faults: [],
    operations: { total: 0, ok: 0, fail: 0, info: 0, reads: 0, writes: 0, cas: 0 },
    phases: [],
    nodes: ['n1', 'n2', 'n3'].map((node) => ({ node, operations: 0, availability: 1 })),
    vacuous: [],
    trouble: [],
    timing: { checkMs: 210 as RunSummary['timing']['checkMs'] },
    ...more,
  }
}

/** Returns a history with a stale read: n1 acknowledges a write, and a read at n2 1 ms later does not return it. */
export function staleRead(): { readonly history: History; readonly report: Report } {
  const history = made([
    { p: 2, f: 'write', key: 'x', in: 6, from: 11_860.9e6, to: 11_862.1e6, node: 'n1' },
    { p: 4, f: 'read', key: 'x', out: 6, from: 11_866e6, to: 11_867.1e6, node: 'n3' },
    { p: 2, f: 'write', key: 'x', in: 7, from: 12_031e6, to: 12_033e6, node: 'n1' },
    { p: 4, f: 'read', key: 'x', out: 6, from: 12_034e6, to: 12_035e6, node: 'n2' },
  ])
  const counterexample: Counterexample = {
    level: 'linearizable',
    sentence:
      'process 4 read 6 from n2 at 12.034 s, 1 ms after process 2’s write of 7 was acknowledged by n1 at 12.033 s.',
    operations: [
      { operation: 0, role: 'core' },
      { operation: 1, role: 'context' },
      { operation: 2, role: 'core' },
      { operation: 3, role: 'core' },
    ],
    keys: ['x'],
    culprit: 3,
    statesBefore: [7],
  }
  return {
    history,
    report: report('only eventually consistent', {
      linearizable: violated(counterexample),
      sequential: unknown('out of time after 30 s: no order found among 1,204 tried', 'time'),
      eventual: met,
    }),
  }
}

/** Returns a history in which n3 returns a value that n1 replaced 500 ms earlier. */
export const readOfReplaced = (): { readonly history: History; readonly counterexample: Counterexample } => ({
  history: made([
    { p: 1, f: 'write', key: 'x', in: 105, from: 887e6, to: 890e6, node: 'n1' },
    { p: 2, f: 'write', key: 'x', in: 743, from: 6570e6, to: 6575e6, node: 'n1' },
    { p: 3, f: 'read', key: 'x', out: 105, from: 7118e6, to: 7120e6, node: 'n3' },
  ]),
  counterexample: {
    level: 'linearizable',
    sentence: 'process 3 read 105 for x from n3.',
    operations: [0, 1, 2].map((operation) => ({ operation, role: 'core' as const })),
    keys: ['x'],
    culprit: 2,
  },
})
