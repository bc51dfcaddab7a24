import {
  createBoardMemory,
  judgeShare,
  mayBeSettled,
  mergeShares,
  planShares,
  reportOfShares,
  type ShareAnswer,
  type ShareOptions,
  type SomeParts,
  settledBy,
  type Verdict,
} from '@chaosproxy/checker'
import { borrowHistory, environmentError, type History, usageError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'
import { doEach, type Pool } from '../jobs/job.ts'
import { thisThread } from '../jobs/this-thread.ts'
import type { Priority } from '../queue/board.ts'
import { type ApartResult, together, undecidedAt, withoutSigns } from './apart-result.ts'
import type { CheckEvent } from './check-files.ts'
import { checkApart } from './check-large.ts'
import { placesFor, shardsFor } from './dealing.ts'
import { isFailure } from './failure.ts'
import { lentJob, readJob } from './jobs.ts'
import { canBeApart, isLarge } from './large.ts'
import { bytesOf, textBytesOf } from './named-file.ts'
import { type CheckSpec, checkOptionsFor, inUnits, modelFileOf } from './options.ts'
import { resultOf } from './outcome.ts'
import { type CheckPool, createCheckPool } from './pool.ts'
import { recordingAt } from './recording.ts'
import type { CheckResult, CheckTask, FileTrouble } from './result.ts'
import { type ShardResult, type ShardSettings, type ShardSpec, shardJob } from './shard.ts'
import { vetModel } from './vet-model.ts'
import { LOOKS_AT_MODELS } from './watched-model.ts'
import type { LentFile } from './worker.ts'

/** More shards spread the keys better. They cost little, because each thread reads the recording only once. */
const SHARDS = 16
/**
 * A user's model judges a smaller recording in one job. Such a recording may contain a single object, which cannot be
 * divided among several jobs.
 */
const SHARED_OPERATIONS = 2_000
/** The number of recordings that workers judge at the same time, if memory permits. */
const FILES_AT_A_TIME = 8
/** Bytes of memory per byte of a recording's text. */
const HELD_PER_BYTE = 4

interface Elsewhere {
  readonly workers: Pool
  readonly pool: CheckPool
  readonly listener: (event: CheckEvent) => void
}

/**
 * Checks files with the workers of a queue (an address, or `env:NAME`). Yields the results in the order of the files.
 *
 * @throws UserError (usage) for files that cannot travel to workers, (usage, input) for a user's model that cannot be
 * loaded, and the errors of `openQueuePool`.
 */
export async function* checkFilesElsewhere(
  tasks: readonly (CheckTask | FileTrouble)[],
  spec: CheckSpec,
  { queue, priority }: { readonly queue: string; readonly priority?: Priority },
  listener: (event: CheckEvent) => void = () => {},
): AsyncGenerator<CheckResult, void, undefined> {
  requireTravelling(tasks)
  const model = modelFileOf(spec)
  if (model !== undefined) await vetModel(model)
  // The packages of the queue are not always installed.
  const [{ openQueuePool }, { shardKind }] = await Promise.all([import('../queue/pool.ts'), import('./queue-kind.ts')])
  const workers = await openQueuePool(queue, thisThread, { kinds: [shardKind], listener, priority })
  const pool = createCheckPool(1, spec)
  const check = async (task: CheckTask | FileTrouble): Promise<CheckResult> =>
    'trouble' in task ? task : checkElsewhere(task, { workers, pool, listener })
  const ahead = bytesOf(tasks) * HELD_PER_BYTE < spec.memoryBytes ? FILES_AT_A_TIME : 1
  const begun: Promise<CheckResult>[] = []
  try {
    for (const n of tasks.keys()) {
      for (const task of tasks.slice(begun.length, n + ahead)) {
        const checking = check(task)
        // Rejections are handled where the results are awaited.
        checking.catch(() => {})
        begun.push(checking)
      }
      const result = await (begun[n] as Promise<CheckResult>)
      listener({ type: 'checked', result, done: n + 1 })
      yield result
    }
  } finally {
    await Promise.all([workers.close(), pool.close()])
  }
}

/**
 * Checks one file with workers. The workers judge the keys. This process verifies their findings, and makes the
 * findings that concern all keys.
 */
async function checkElsewhere(task: CheckTask, { pool, workers, listener }: Elsewhere): Promise<CheckResult> {
  const { file } = task
  listener({ type: 'reading', file })
  const large = await checkLargeElsewhere(task, { pool, workers, listener })
  if (large !== undefined) return large
  const read = await pool.run(readJob, task, task)
  if (isFailure(read)) return read
  const started = performance.now()
  const history = inUnits(borrowHistory(read.lent), task.settings)
  listener({ type: 'checking', file, operations: history.operations.length })
  if (modelFileOf(task.settings) !== undefined) return checkOwn(read, history, { pool, workers, listener })
  const options = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  if (planShares(history, options, 2, 0) === undefined) {
    listener({ type: 'whole', file })
    return pool.run(lentJob, task, read)
  }
  const answers = await answersOf(task, workers, { of: SHARDS })
  // The time limit starts here, so time spent waiting for workers does not count.
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
 * Judges a recording by a user's model. If the model fails at a worker, it runs again in this process, to show the
 * error and its place.
 */
async function checkOwn(
  read: LentFile,
  history: History,
  { pool, workers, listener }: Elsewhere,
): Promise<CheckResult> {
  const { task } = read
  const { levels = ['linearizable'], expect = 'linearizable' } = task.settings
  if (!mayBeSettled(history, { levels: [...levels, expect] })) {
    listener({ type: 'whole', file: task.file })
    return pool.run(lentJob, task, read)
  }
  const of = history.operations.length < SHARED_OPERATIONS ? 1 : SHARDS
  const answers = await answersOf(task, workers, { of }).catch((error: unknown) => {
    if (error instanceof ModelTrouble) return undefined
    throw error
  })
  if (answers === undefined) return pool.run(lentJob, task, read)
  return pool.run(lentJob, task, { ...read, settled: settledBy(answers.flatMap(ofParts)) })
}

/** An error of a user's model at a worker. */
class ModelTrouble extends Error {}

const ofParts = (answer: ShardResult): readonly SomeParts[] => {
  if (answer.result === 'violated part') return [{ result: 'violated', part: answer.part }]
  return answer.result === 'met' || answer.result === 'unknown' ? [answer] : []
}

/**
 * Lets workers judge the keys of a large recording. Meanwhile, this process counts operations and finds errors. Returns
 * undefined if the recording is small or must be judged as a whole.
 */
async function checkLargeElsewhere(
  task: CheckTask,
  { pool, workers, listener }: Elsewhere,
): Promise<CheckResult | undefined> {
  if (!isLarge(task) || !(await canBeApart(task))) return undefined
  return checkApart(pool, task, {
    places: 0,
    checking: (operations) => listener({ type: 'checking', file: task.file, operations }),
    async judge() {
      const of = shardsFor(textBytesOf(task), task.settings.memoryBytes)
      const answers = await answersOf(task, workers, { of, places: placesFor(textBytesOf(task), of) })
      return together(answers.map(apartResultOf))
    },
  })
}

const apartResultOf = (answer: ShardResult): ApartResult => {
  if (answer.result === 'apart') return answer.shown
  return answer.result === 'unknown' ? withoutSigns(answer) : undecidedAt('memory')
}

/** @throws UserError (usage) if workers cannot check one of the files. */
function requireTravelling(tasks: readonly (CheckTask | FileTrouble)[]): void {
  if (tasks.some(({ file }) => file === STDIN))
    throw usageError('--queue: standard input cannot be sent to workers. Save it to a file, and check this file.')
  if (tasks.some((task) => 'merged' in task && task.merged !== undefined))
    throw usageError(
      '--queue: workers read one recording each, and --merge takes several. Leave out --queue or --merge.',
    )
}

async function answersOf(
  task: CheckTask,
  workers: Pool,
  { of, places }: Pick<ShardSpec, 'of' | 'places'>,
): Promise<readonly ShardResult[]> {
  const { file, settings } = task
  const { initial, model, levels, format, keyed, mapping, ordering, failedCas, timeoutMs, memoryBytes } = settings
  const judged: ShardSettings = {
    ...{ initial, model, levels, format, keyed, mapping, ordering, failedCas, timeoutMs, memoryBytes },
  }
  const recording = await recordingAt(task)
  const isOwn = modelFileOf(settings) !== undefined
  const answers: ShardResult[] = []
  const failures: unknown[] = []
  const ending = new AbortController()
  await doEach(workers.width, Array(of).keys(), async (shard) => {
    try {
      const end = await workers.do(
        shardJob,
        { recording, settings: judged, shard, of, places },
        { signal: ending.signal, looks: isOwn ? LOOKS_AT_MODELS : undefined },
      )
      if (isOwn && (end.type === 'failed' || end.type === 'stopped')) throw new ModelTrouble()
      if (end.type === 'failed')
        throw environmentError(`${file}: a worker could not judge some keys: ${String(end.error)}`)
      answers.push(end.type === 'done' ? end.value : { result: 'unknown', limit: 'memory', undecided: 1, keys: 1 })
    } catch (error) {
      // Cancels the other jobs too, because they would wait for their shards in vain.
      failures.push(error)
      ending.abort()
    }
  })
  if (failures.length > 0) throw failures[0]
  return answers
}

/** Combines the shards' results. A violation counts only if this process verifies it. */
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
    throw environmentError(
      `a worker reported violations of keys that are linearizable: ${[...names].join(', ')}. Remove that worker from the queue.`,
    )
  return answer
}

/**
 * Returns a witness: for each key, an order of its operations that shows linearizability. Workers do not send these
 * orders, so this process computes them on demand.
 */
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
