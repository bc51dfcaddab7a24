import { check, type Level } from '@chaosproxy/checker'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { type StoreRun, simulateStore } from './stores.ts'

export const name: string = 'weaker-levels'

const base: StoreRun = {
  store: 'sc',
  operations: 100_000,
  processes: 30,
  keys: 100,
  values: 0,
  unknown: 0,
  planted: 'none',
  seed: 7,
}

interface Point {
  readonly title: string
  readonly run: StoreRun
  readonly levels: readonly Level[]
}

const sequential: readonly Level[] = ['sequential']
const causal: readonly Level[] = ['causal', 'causal-memory', 'causal-convergence']

const point = (title: string, over: Partial<StoreRun>, levels: readonly Level[] = sequential): Point => ({
  title,
  run: { ...base, ...over },
  levels,
})

const points: readonly Point[] = [
  ...(['atomic', 'sc', 'buffered', 'causal', 'lww'] as const).map((store) =>
    point(`sequential, ${store} store, 100 k, 30 processes, 100 keys`, { store }),
  ),
  point('sequential, sc store, 100 k, 30 processes, 10 keys', { keys: 10 }),
  point('sequential, buffered store, 100 k, 30 processes, 10 keys', { store: 'buffered', keys: 10 }),
  point('sequential, store buffering planted, 100 k, 30 processes, 100 keys', { planted: 'buffering' }),
  point('sequential, opposite readers planted, 100 k, 30 processes, 100 keys', { planted: 'readers' }),
  point('sequential, puzzle planted, 100 k, 30 processes, 100 keys', { planted: 'puzzle' }),
  point('sequential, buffered store, 100 k, 100 processes, 100 keys', { store: 'buffered', processes: 100 }),
  point('sequential, sc store, 100 k, 10 processes, 1% unknown', { processes: 10, keys: 10, unknown: 0.01 }),
  point('sequential, buffered store, 100 k, 30 processes, 100 keys, 5% unknown', { store: 'buffered', unknown: 0.05 }),
  point('sequential, puzzle planted, 100 k, 30 processes, 100 keys, 1% unknown', { planted: 'puzzle', unknown: 0.01 }),
  point('sequential, sc store, 1 M, 10 processes, 10 keys', { operations: 1_000_000, processes: 10, keys: 10 }),
  point('sequential, sc store, 5 values, 1 k, 10 processes, 10 keys', {
    operations: 1_000,
    processes: 10,
    keys: 10,
    values: 5,
  }),
  point('sequential, buffered store, 5 values, 1 k, 10 processes, 10 keys', {
    store: 'buffered',
    operations: 1_000,
    processes: 10,
    keys: 10,
    values: 5,
  }),
  ...(['sc', 'causal', 'lww'] as const).map((store) =>
    point(`CC, CM, CCv, ${store} store, 100 k, 30 processes, 100 keys`, { store }, causal),
  ),
  point('CC, CM, CCv, causal store, 100 k, 30 processes, 10 keys', { store: 'causal', keys: 10 }, causal),
  point('PRAM and the session guarantees, causal store, 100 k, 30 processes', { store: 'causal' }, [
    'pram',
    'session',
    'read-your-writes',
    'monotonic-reads',
    'monotonic-writes',
    'writes-follow-reads',
  ]),
]

/**
 * The levels below linearizability on simulated stores. Prints the CPU milliseconds of `check` alone: the first time,
 * and the best of three.
 */
export async function run(print: (line: string) => void): Promise<void> {
  print('cold ms   warm ms   verdict             history')
  for (const { title, run: store, levels } of points) {
    const history = historyFromEvents(simulateStore(store), { expectedOperations: store.operations })
    const times: number[] = []
    let verdict = ''
    for (let i = 0; i < REPEATS && (times[0] ?? 0) < LONG_MS; i++) {
      const before = process.cpuUsage()
      const report = check(history, {
        model: 'register',
        initial: null,
        levels,
        failedCas: 'drop',
        deadlineMs: millis(12_000),
        memoryBytes: 2e9,
        now: () => millis(performance.now()),
      })
      const { user, system } = process.cpuUsage(before)
      times.push((user + system) / 1000)
      verdict = levels.map((level) => report.levels[level].result.charAt(0)).join('')
    }
    print(`${column(times[0] ?? 0)}${column(Math.min(...times))}${verdict.padEnd(10)}${title}`)
  }
}

const REPEATS = 3
/** A check that takes this long is not repeated. */
const LONG_MS = 2_000

const column = (ms: number): string => ms.toFixed(1).padStart(7).padEnd(10)
