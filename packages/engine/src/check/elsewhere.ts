import {
  createBoardMemory,
  judgeShare,
  mergeShares,
  planShares,
  reportOfShares,
  type ShareAnswer,
  type ShareOptions,
  type Verdict,
} from '@chaosproxy/checker'
import { borrowHistory, type History, tallyOf, UserError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'
import { doEach, type Pool } from '../jobs/job.ts'
import { thisThread } from '../jobs/this-thread.ts'
import type { Priority } from '../queue/board.ts'
import { type Shown, together } from './apart.ts'
import type { CheckEvent } from './check-files.ts'
import { tellKnown } from './check-large.ts'
import { placesFor, shardsFor } from './dealing.ts'
import { lentJob, readJob } from './jobs.ts'
import { canBeApart, isForWhole, isLarge, type Known } from './large.ts'
import { textBytesOf } from './named-file.ts'
import { type CheckSpec, checkOptionsFor, modelFileOf } from './options.ts'
import { resultOf } from './outcome.ts'
import { type CheckPool, createCheckPool } from './pool.ts'
import { readLarge } from './read-large.ts'
import { recordingAt } from './recording.ts'
import type { CheckResult, CheckTask, FileTrouble } from './result.ts'
import { type ShardResult, type ShardSettings, type ShardSpec, shardJob } from './shard.ts'

/** Each thread reads the recording once, so that more shards cost little, and are spread more evenly. */
const SHARDS = 16

interface Elsewhere {
  readonly workers: Pool
  readonly pool: CheckPool
  readonly listener: (event: CheckEvent) => void
}

/**
 * Checks files one after another by the workers of a queue (an address, or `env:NAME`).
 *
 * @throws UserError (usage) for what cannot travel to workers, and as `openQueuePool` does.
 */
export async function* checkFilesElsewhere(
  tasks: readonly (CheckTask | FileTrouble)[],
  spec: CheckSpec,
  { queue, priority }: { readonly queue: string; readonly priority?: Priority },
  listener: (event: CheckEvent) => void = () => {},
): AsyncGenerator<CheckResult, void, undefined> {
  requireTravelling(tasks, spec)
  // Its packages are installed only where a queue is used.
  const { openQueuePool } = await import('../queue/pool.ts')
  const workers = await openQueuePool(queue, thisThread, listener, priority)
  const pool = createCheckPool(1, spec)
  try {
    for (const [n, task] of tasks.entries()) {
      const result = 'trouble' in task ? task : await checkElsewhere(task, { workers, pool, listener })
      listener({ type: 'checked', result, done: n + 1 })
      yield result
    }
  } finally {
    await Promise.all([workers.close(), pool.close()])
  }
}

/**
 * Checks one file by a pool of workers: each judges the keys of a shard, and what they find is judged again here before
 * it is told. The levels that consider all keys together are judged here; the result is that of a single thread.
 */
async function checkElsewhere(task: CheckTask, { pool, workers, listener }: Elsewhere): Promise<CheckResult> {
  const { file } = task
  listener({ type: 'reading', file })
  const large = await checkLargeElsewhere(task, { pool, workers, listener })
  if (large !== undefined) return large
  const read = await pool.run(readJob, task, task)
  if ('trouble' in read || 'stopped' in read) return read
  const started = performance.now()
  const history = borrowHistory(read.lent)
  listener({ type: 'checking', file, operations: history.operations.length })
  const options = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  if (planShares(history, options, 2, 0) === undefined) {
    listener({ type: 'whole', file })
    return pool.run(lentJob, task, read)
  }
  const answers = await answersOf(task, workers, { of: SHARDS })
  // Waiting for workers is no time to decide in.
  const judging = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  const report = reportOfShares(history, judging, {
    linearizable: merged(answers, history, judging),
    beside: undefined,
    memory: createBoardMemory(),
  })
  const checkMs = performance.now() - started
  return resultOf(task, { history, report, parseMs: read.parseMs, checkMs, checking: judging })
}

/**
 * Has the keys of a large recording judged, while it is read here for its mistakes and what is counted of it, which keeps
 * none of its operations. Undefined for what must be judged as a whole.
 */
async function checkLargeElsewhere(
  task: CheckTask,
  { pool, workers, listener }: Elsewhere,
): Promise<CheckResult | undefined> {
  if (!isLarge(task) || !(await canBeApart(task))) return undefined
  const read = await readLarge(pool, task, 0)
  if ('trouble' in read || 'stopped' in read) return read
  if ('cannot' in read) return undefined
  const { recording, parseMs } = read
  const tally = tallyOf(recording.packed.map(({ counted }) => counted))
  listener({ type: 'checking', file: task.file, operations: tally.operations })
  const started = performance.now()
  const of = shardsFor(textBytesOf(task), task.settings.memoryBytes)
  const answers = await answersOf(task, workers, { of, places: placesFor(textBytesOf(task), of) })
  const shown = together(answers.map(shownBy))
  const known: Known = { task, rest: recording.rest, tally, shown, parseMs, checkMs: performance.now() - started }
  return isForWhole(known) ? undefined : tellKnown(pool, known)
}

const shownBy = (answer: ShardResult): Shown => {
  if (answer.result === 'apart') return answer.shown
  const undecided = answer.result === 'unknown' ? answer : { result: 'unknown', limit: 'memory', undecided: 1, keys: 1 }
  return { answer: undecided as Shown['answer'], signs: { hasNews: false, leavesOut: false } }
}

/** @throws UserError (usage) for what cannot be judged elsewhere. */
function requireTravelling(tasks: readonly { readonly file: string }[], spec: CheckSpec): void {
  if (tasks.some(({ file }) => file === STDIN))
    throw new UserError('usage', '--queue: standard input cannot travel to workers. Save it to a file, and check that.')
  const model = modelFileOf(spec)
  if (model !== undefined)
    throw new UserError(
      'usage',
      `--queue: a model of your own does not travel to workers, since nobody can tell whether its keys may be judged apart: ${model}. Leave out --queue.`,
    )
}

async function answersOf(
  task: CheckTask,
  workers: Pool,
  { of, places }: Pick<ShardSpec, 'of' | 'places'>,
): Promise<readonly ShardResult[]> {
  const { file, settings } = task
  const { initial, model, levels, format, keyed, failedCas, timeoutMs, memoryBytes } = settings
  const judged: ShardSettings = { initial, model, levels, format, keyed, failedCas, timeoutMs, memoryBytes }
  const recording = await recordingAt(task)
  const answers: ShardResult[] = []
  const failures: unknown[] = []
  const ending = new AbortController()
  await doEach(workers.width, Array(of).keys(), async (shard) => {
    try {
      const end = await workers.do(
        shardJob,
        { recording, settings: judged, shard, of, places },
        { signal: ending.signal },
      )
      if (end.type === 'failed')
        throw new UserError('environment', `${file}: a worker could not judge its keys: ${String(end.error)}`)
      answers.push(end.type === 'done' ? end.value : { result: 'unknown', limit: 'memory', undecided: 1, keys: 1 })
    } catch (error) {
      // The others are called off: each would go on waiting for its shard.
      failures.push(error)
      ending.abort()
    }
  })
  if (failures.length > 0) throw failures[0]
  return answers
}

/** What the shards say of all keys together. Nothing is called violated that is not seen to be so here. */
function merged(answers: readonly ShardResult[], history: History, options: ShareOptions): Verdict {
  const violated = answers.flatMap((answer) => (answer.result === 'violated' ? [answer.key ?? ''] : []))
  const known = answers.flatMap((answer): readonly ShareAnswer[] => {
    if (answer.result === 'unknown') return [answer]
    return answer.result === 'met' ? [{ result: 'met', orders: [], keys: history.keys.length }] : []
  })
  const here = violated.length === 0 ? [] : [judgedHere(new Set(violated), history, options)]
  const verdict = mergeShares([...here, ...known], history)
  return verdict.result === 'met' ? { result: 'met', witness: ordersOf(history, options) } : verdict
}

function judgedHere(names: ReadonlySet<string>, history: History, options: ShareOptions): ShareAnswer {
  const share = Uint8Array.from(['', ...history.keys], (key) => (names.has(key) ? 1 : 0))
  const answer = judgeShare(history, options, share, createBoardMemory())
  if (answer.result === 'met' || answer.result === 'packed')
    throw new UserError(
      'environment',
      `a worker answered what no worker can have found: keys ${[...names].join(', ')} are linearizable. Remove it from the queue.`,
    )
  return answer
}

/** The orders that the workers found did not travel: they are found again if somebody looks at them. */
function ordersOf(history: History, options: ShareOptions): Extract<Verdict, { readonly result: 'met' }>['witness'] {
  let orders: Extract<ReturnType<typeof ordersOf>, { readonly kind: 'order' }>['orders'] | undefined
  return {
    kind: 'order',
    get orders() {
      if (orders === undefined) {
        const share = new Uint8Array(history.keys.length + 1).fill(1)
        const verdict = mergeShares([judgeShare(history, options, share, createBoardMemory())], history)
        const found = verdict.result === 'met' && verdict.witness.kind === 'order' ? verdict.witness : undefined
        orders = found?.orders ?? []
      }
      return orders
    },
  }
}
