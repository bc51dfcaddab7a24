import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startRedisServer } from '../../proxy/bench/redis-server.ts'

export const name = 'queue: searches by workers, and what a job costs'

const packages = join(process.cwd(), 'packages')
const program = join(packages, 'cli', 'bin', 'chaos.js')
const SEEDS = 3_000
const ROUNDS = 3
const WORKERS = [1, 2, 4]
const JOBS = 2_000
/**
 * The number of seeds for the warm-up: a new thread needs several seconds of processor time to reach its full speed.
 */
const WARMING_SEEDS = 1_000

/**
 * Takes the minimum of several rounds, because other load on the machine only adds time. Every search uses new seeds,
 * because known results are not searched again.
 */
export async function run(print: (line: string) => void): Promise<void> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    print('not measured: there is no redis-server')
    return
  }
  const server = await startRedisServer()
  const queue = `redis://127.0.0.1:${server.port}`
  const used = (): number => cpuSeconds(server.pid) + [...running].reduce((sum, { pid }) => sum + cpuSeconds(pid), 0)
  try {
    await compareWithHere(queue, used, print)
    let one: Cost | undefined
    for (const many of WORKERS) {
      const workers = await startWorkers(queue, many)
      searched(['--queue', queue], many * WARMING_SEEDS, used)
      const cost = least(ROUNDS, () => searched(['--queue', queue], SEEDS, used))
      one ??= cost
      const times = (one.seconds / cost.seconds).toFixed(2)
      print(`${SEEDS} seeds, warm workers of one thread: ${many}     ${told(cost)}  ${times} times as fast as one`)
      await stopAll(workers)
    }
    print(`${JOBS} trivial jobs and their merge:`)
    const { openQueuePool, createSearchPool, searchKinds: kinds } = await innerParts()
    const threads = createSearchPool(2)
    await printTrivialJobs('no queue, two threads   ', () => trivialJobs(threads, used), print)
    await threads.close()
    const workers = await startWorkers(queue, 2)
    const byWorkers = async (): Promise<Cost> => {
      const pool = await openQueuePool(queue, createSearchPool(1), { kinds })
      return trivialJobs(pool, used).finally(() => pool.close())
    }
    await printTrivialJobs('two workers of a thread', byWorkers, print)
    await stopAll(workers)
  } finally {
    await stopAll([...running])
    server.stop()
  }
}

async function printTrivialJobs(
  who: string,
  measure: () => Promise<Cost>,
  print: (line: string) => void,
): Promise<void> {
  const cold = await measure()
  const later: Cost[] = []
  for (let round = 0; round < ROUNDS; round++) later.push(await measure())
  print(`  ${who}  new: ${told(cold)}  warm: ${told(leastOf(later))}`)
}

/** Compares a search by one new worker with a search without a queue, both with the same number of threads. */
async function compareWithHere(queue: string, used: () => number, print: (line: string) => void): Promise<void> {
  const [alone, shared]: [Cost[], Cost[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(searched(['--workers', '1'], SEEDS, used))
    const workers = await startWorkers(queue, 1)
    shared.push(searched(['--queue', queue], SEEDS, used))
    await stopAll(workers)
  }
  const [here, there] = [leastOf(alone), leastOf(shared)]
  print(`${SEEDS} seeds, no queue, one thread           ${told(here)}`)
  const more = `${percent(there.seconds / here.seconds)} of the time, ${percent(there.cpu / here.cpu)} of the processor`
  print(`${SEEDS} seeds, one new worker of one thread   ${told(there)}  ${more}`)
}

interface Cost {
  /** Wall seconds. */
  readonly seconds: number
  /** Processor seconds of all processes together, including the start of a coordinator. */
  readonly cpu: number
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(0)} %`
const told = ({ seconds, cpu }: Cost): string => `${seconds.toFixed(2)} s, ${cpu.toFixed(1)} s of the processor`
const least = (rounds: number, measure: () => Cost): Cost => leastOf(Array.from({ length: rounds }, measure))
const leastOf = (costs: readonly Cost[]): Cost => ({
  seconds: Math.min(...costs.map(({ seconds }) => seconds)),
  cpu: Math.min(...costs.map(({ cpu }) => cpu)),
})

let nextSeed = 1

/** Measures the search itself, without the start of the command. */
function searched(how: readonly string[], seeds: number, used: () => number): Cost {
  const out = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const before = used() + childrenSeconds()
  const words = ['fuzz', '--target', 'raft', '--seed', `${nextSeed}`, '--seeds', `${seeds}`, '--keep-going']
  nextSeed += seeds
  try {
    const all = [program, ...words, '--shrink', '0s', '--json', '--out', out, ...how]
    const { stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
    const { timing } = JSON.parse(stdout === '' ? '{}' : stdout) as { readonly timing?: { readonly searchMs: number } }
    if (timing === undefined) throw new Error(`a search did not run: ${stderr}`)
    return { seconds: timing.searchMs / 1_000, cpu: used() + childrenSeconds() - before }
  } finally {
    rmSync(out, { recursive: true })
  }
}

const TICKS_A_SECOND = 100
/**
 * The positions of processor times in /proc/PID/stat: those of the process itself, and of its ended children. Positions
 * count from the third field, which follows the name in parentheses.
 */
const [OWN, OF_CHILDREN] = [11, 13]

/** Processor seconds of a process so far, if /proc reports them. */
const cpuSeconds = (pid: number | 'self' | undefined, at: number = OWN): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[at]) + Number(fields[at + 1])) / TICKS_A_SECOND
  } catch {
    return 0
  }
}

/** Processor seconds of the commands that have ended. */
const childrenSeconds = (): number => cpuSeconds('self', OF_CHILDREN)

const LINE = 80
const running = new Set<ChildProcess>()

const startWorkers = (queue: string, many: number): Promise<ChildProcess[]> =>
  Promise.all(Array.from({ length: many }, () => startWorker(queue)))

/** Starts a worker with one thread, and waits until it has joined the queue. */
async function startWorker(queue: string): Promise<ChildProcess> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [program, 'worker', '--queue', queue, '--threads', '1'], { stdio: [...stdio] })
  running.add(child)
  let printed = ''
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      printed = printed.slice(-LINE) + chunk
      if (printed.includes('Joined')) resolve()
    })
    child.once('exit', () => resolve())
  })
  return child
}

async function stopAll(workers: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    workers.map((worker) => {
      running.delete(worker)
      worker.kill('SIGKILL')
      return once(worker, 'exit')
    }),
  )
}

interface Pool {
  close(): Promise<void>
}

/** Modules that the engine does not export. */
interface Inner {
  readonly openQueuePool: (address: string, local: Pool, settings: { readonly kinds: unknown }) => Promise<Pool>
  readonly searchKinds: unknown
  readonly createSearchPool: (threads: number) => Pool
  readonly searcherOn: (pool: Pool, spec: object, interrupted: AbortSignal, abandon: AbortSignal) => object
  readonly searchInParallel: (searcher: object, spec: object, hooks: object) => Promise<{ readonly trials: number }>
}

/** Runs many jobs that each try one seed with one operation. Ends when all results have arrived and are combined. */
async function trivialJobs(pool: Pool, used: () => number): Promise<Cost> {
  const { searcherOn, searchInParallel } = await innerParts()
  const never = new AbortController().signal
  const searcher = { ...searcherOn(pool, oneSeedEach, never, never), seedsATask: 1 }
  const [startedAt, before] = [performance.now(), used() + cpuSeconds('self')]
  const spec = { limit: { seeds: JOBS }, firstSeed: nextSeed, keepGoing: true }
  nextSeed += JOBS
  const { trials } = await searchInParallel(searcher, spec, { listener() {}, interrupted: never })
  if (trials !== JOBS) throw new Error(`${JOBS - trials} jobs were not done`)
  return { seconds: (performance.now() - startedAt) / 1_000, cpu: used() + cpuSeconds('self') - before }
}

const oneSeedEach = {
  subject: {
    ...{ target: 'raft', targetSettings: {}, level: 'linearizable', workload: 'register', settings: {}, operations: 1 },
    choices: { faults: [], lengthMs: 300 },
  },
  ...{ strategies: ['uniform'], invariants: false, verifyDeterminism: false, keepGoing: true },
}

async function innerParts(): Promise<Inner> {
  const load = (path: string): Promise<Inner> =>
    import(pathToFileURL(join(packages, 'engine', 'dist', path)).href) as Promise<Inner>
  const parts = await Promise.all(
    ['queue/pool.js', 'search/pool.js', 'search/in-parallel.js', 'search/queue-kinds.js'].map(load),
  )
  return Object.assign({}, ...parts) as Inner
}
