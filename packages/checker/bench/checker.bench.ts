import { check } from '@chaos/checker'
import { type History, historyFromEvents, millis } from '@chaos/history'
import { generate, type Workload } from './generate.ts'

export const name: string = 'checker'

const base: Workload = {
  model: 'register',
  operations: 10_000,
  clients: 5,
  values: 0,
  unknown: 0,
  keys: 1,
  staleAt: 0,
  seed: 7,
}

interface Point {
  readonly title: string
  readonly workload: Workload
  readonly repeats: number
}

const point = (title: string, over: Partial<Workload>, repeats = 5): Point => ({
  title,
  workload: { ...base, ...over },
  repeats,
})

const points: readonly Point[] = [
  point('register, distinct values, 10 k, 10 clients', { clients: 10 }),
  point('register, distinct values, 100 k, 10 clients', { operations: 100_000, clients: 10 }),
  point('register, distinct values, 100 k, 10 clients, stale', { operations: 100_000, clients: 10, staleAt: 0.5 }, 3),
  point('register, distinct values, 1 M, 10 clients', { operations: 1_000_000, clients: 10 }, 3),
  point('register, distinct values, 10 k, 5 clients, 5% unknown', { unknown: 0.05 }),
  point('register, 5 values, 10 k, 5 clients', { values: 5 }),
  point('register, 5 values, 10 k, 5 clients, stale', { values: 5, staleAt: 0.5 }, 3),
  point('register, 5 values, 10 k, 10 clients', { values: 5, clients: 10 }, 3),
  point('register, 5 values, 10 k, 10 clients, stale', { values: 5, clients: 10, staleAt: 0.5 }, 1),
  point('register, 5 values, 10 k, 20 clients', { values: 5, clients: 20 }, 1),
  point('cas, 5 values, 10 k, 5 clients', { model: 'cas', values: 5 }),
  point('cas, 5 values, 10 k, 10 clients', { model: 'cas', values: 5, clients: 10 }, 3),
  point('cas, 5 values, 10 k, 10 clients, 1% unknown', { model: 'cas', values: 5, clients: 10, unknown: 0.01 }, 3),
  point('cas, 5 values, 10 k, 20 clients', { model: 'cas', values: 5, clients: 20 }, 1),
  point(
    'key-value with append, 100 k, 20 clients, 10 keys',
    { model: 'kv', operations: 100_000, clients: 20, keys: 10 },
    3,
  ),
  point(
    'key-value with append, 100 k, 20 clients, 10 keys, stale',
    { model: 'kv', operations: 100_000, clients: 20, keys: 10, staleAt: 0.5 },
    1,
  ),
]

/** Linearizability of generated histories in memory: CPU milliseconds of `check` alone, the first time and the best. */
export async function run(print: (line: string) => void): Promise<void> {
  print('cold ms   warm ms   verdict   history')
  for (const { title, workload, repeats } of points) {
    const history = historyFromEvents(generate(workload), { expectedOperations: workload.operations })
    const times: number[] = []
    let verdict = ''
    for (let i = 0; i < repeats; i++) {
      const before = process.cpuUsage()
      verdict = judge(history, workload)
      const { user, system } = process.cpuUsage(before)
      times.push((user + system) / 1000)
    }
    print(`${column(times[0] ?? 0)}${column(Math.min(...times))}${verdict.padEnd(10)}${title}`)
  }
}

const judge = (history: History, { model }: Workload): string =>
  check(history, {
    model: 'register',
    initial: model === 'kv' ? '' : null,
    levels: ['linearizable'],
    failedCas: 'observes',
    deadlineMs: millis(30_000),
    memoryBytes: 2e9,
    now: () => millis(performance.now()),
  }).levels.linearizable.result

const column = (ms: number): string => ms.toFixed(1).padStart(7).padEnd(10)
