import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
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
/** Jobs under way at a time, as in a pool. */
const WIDTH = 64

/** Wall times of a search's own part; every search is of other seeds, since what is known is not searched again. */
export async function run(print: (line: string) => void): Promise<void> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    print('not measured: there is no redis-server')
    return
  }
  const server = await startRedisServer()
  const queue = `redis://127.0.0.1:${server.port}`
  try {
    let first = 1
    for (let round = 0; round < ROUNDS; round++) {
      const here = searched(['--workers', '1'], first)
      print(`${SEEDS} seeds, one thread, no queue  ${told(here, here)}`)
      for (const many of WORKERS) {
        first += SEEDS
        const workers = await Promise.all(Array.from({ length: many }, () => startWorker(queue)))
        print(
          `${SEEDS} seeds, ${many} ${many === 1 ? 'worker ' : 'workers'}            ${told(searched(['--queue', queue], first), here)}`,
        )
        await stopAll(workers)
      }
      first += SEEDS
    }
    const workers = await Promise.all([startWorker(queue), startWorker(queue)])
    for (let round = 0; round < ROUNDS; round++)
      print(`${JOBS} trivial jobs, 2 workers   ${(await trivialJobs(queue, 1 + round * JOBS)).toFixed(2)} s`)
    await stopAll(workers)
  } finally {
    await stopAll([...running])
    server.stop()
  }
}

const told = (seconds: number, here: number): string => `${seconds.toFixed(2)} s  ×${(seconds / here).toFixed(2)}`

/** Seconds that a search took, without the start of the command. */
function searched(how: readonly string[], first: number): number {
  const out = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const words = ['fuzz', '--target', 'raft', '--seed', `${first}`, '--seeds', `${SEEDS}`, '--keep-going']
    const all = [program, ...words, '--shrink', '0s', '--json', '--out', out, ...how]
    const { stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
    const { timing } = JSON.parse(stdout === '' ? '{}' : stdout) as { readonly timing?: { readonly searchMs: number } }
    if (timing === undefined) throw new Error(`a search did not run: ${stderr}`)
    return timing.searchMs / 1_000
  } finally {
    rmSync(out, { recursive: true })
  }
}

const running = new Set<ChildProcess>()

/** A worker of one thread that has joined. */
async function startWorker(queue: string): Promise<ChildProcess> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [program, 'worker', '--queue', queue, '--threads', '1'], { stdio: [...stdio] })
  running.add(child)
  let printed = ''
  for await (const chunk of child.stdout ?? []) {
    printed += chunk
    if (printed.includes('Joined')) break
  }
  child.stdout?.resume()
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

/** What the engine does not show to others. */
interface Inner {
  readonly openQueuePool: (address: string, local: object) => Promise<QueuePool>
  readonly createSearchPool: (threads: number) => object
  readonly seedsJob: object
}

interface QueuePool {
  do(job: object, spec: object): Promise<{ readonly type: string }>
  close(): Promise<void>
}

/** Seconds for jobs of one seed each with one operation, until the last answer is here. */
async function trivialJobs(queue: string, first: number): Promise<number> {
  const { openQueuePool, createSearchPool, seedsJob } = await innerParts()
  const pool = await openQueuePool(queue, createSearchPool(1))
  try {
    const startedAt = performance.now()
    let [next, done] = [first, 0]
    const oneAfterAnother = async (): Promise<void> => {
      while (next < first + JOBS) {
        const { type } = await pool.do(seedsJob, oneSeed(next++))
        if (type === 'done') done += 1
      }
    }
    await Promise.all(Array.from({ length: WIDTH }, oneAfterAnother))
    if (done !== JOBS) throw new Error(`${JOBS - done} jobs were not done`)
    return (performance.now() - startedAt) / 1_000
  } finally {
    await pool.close()
  }
}

const oneSeed = (first: number): object => ({
  subject: {
    ...{ target: 'raft', knobs: {}, level: 'linearizable', workload: 'register', settings: {}, operations: 1 },
    choices: { faults: [], lengthMs: 300 },
  },
  ...{ first, count: 1, strategies: ['uniform'], invariants: false, verifyDeterminism: false, stopAtFirst: false },
})

async function innerParts(): Promise<Inner> {
  const load = (path: string): Promise<Inner> =>
    import(pathToFileURL(join(packages, 'engine', 'dist', path)).href) as Promise<Inner>
  const parts = await Promise.all(['queue/pool.js', 'search/pool.js', 'search/jobs.js'].map(load))
  return Object.assign({}, ...parts) as Inner
}
