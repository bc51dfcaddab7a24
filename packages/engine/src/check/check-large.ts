import { tallyOf } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'
import { doEach } from '../jobs/job.ts'
import { type ApartResult, together, undecidedAt } from './apart-result.ts'
import { placesFor } from './dealing.ts'
import { epochMs } from './epoch.ts'
import { isFailure, isTroubled, limitOf } from './failure.ts'
import { knownJob, placesJob } from './jobs.ts'
import { canBeApart, isAsDecisive, isForWhole, type Known, mayFit } from './large.ts'
import { packedBytesOf } from './memory.ts'
import { textBytesOf } from './named-file.ts'
import type { CheckPool } from './pool.ts'
import { readLarge } from './read-large.ts'
import type { CheckResult, CheckTask, FileTrouble } from './result.ts'

/** The number of jobs per thread: several, so that no thread waits long for the last job. */
const JOBS_PER_THREAD = 4

/** Checks a recording key by key. Returns undefined if it must be judged as a whole. */
export async function checkLarge(
  pool: CheckPool,
  task: CheckTask,
  checking: (operations: number) => void,
): Promise<CheckResult | undefined> {
  if (!(await canBeApart(task))) return undefined
  const places = placesFor(textBytesOf(task))
  return checkApart(pool, task, { places, checking, judge: (recording) => judgeAll(pool, task, recording) })
}

interface ApartOptions {
  /** The number of groups into which the keys are divided for jobs of this process; 0 if workers judge the keys. */
  readonly places: number
  checking(operations: number): void
  judge(recording: PackedRecording): Promise<ApartResult | FileTrouble>
}

/** Reads a recording, and has its keys judged. Returns undefined if the recording must be judged as a whole. */
export async function checkApart(
  pool: CheckPool,
  task: CheckTask,
  { places, checking, judge }: ApartOptions,
): Promise<CheckResult | undefined> {
  const read = await readLarge(pool, task, places)
  if (isFailure(read)) return read
  if ('cannot' in read) return undefined
  const { recording, parseMs } = read
  const tally = tallyOf(recording.packed.map(({ counted }) => counted))
  checking(tally.operations)
  const started = performance.now()
  const result = await judge(recording)
  // The caller then judges the recording as a whole. That check reports the invalid operation and its place.
  if ('trouble' in result) return undefined
  const known: Known = {
    task,
    rest: recording.rest,
    tally,
    apart: result,
    parseMs,
    checkMs: performance.now() - started,
  }
  return isForWhole(known) ? undefined : checkKnown(pool, known)
}

/**
 * Returns the result of a recording that was judged key by key. If the recording fits into memory, it is judged again,
 * for more details.
 */
async function checkKnown(pool: CheckPool, known: Known): Promise<CheckResult> {
  const { task } = known
  if (mayFit(known)) {
    const whole = await pool.check(task)
    if (isAsDecisive(whole, known)) return whole
  }
  return pool.run(knownJob, task, known)
}

async function judgeAll(
  pool: CheckPool,
  task: CheckTask,
  recording: PackedRecording,
): Promise<ApartResult | FileTrouble> {
  const all = recording.packed[0]?.rows.length ?? 0
  const groups = Math.min(all, pool.threads * JOBS_PER_THREAD)
  const packedBytes = packedBytesOf(recording)
  const endsAtMs = epochMs() + task.settings.timeoutMs
  const results: (ApartResult | FileTrouble)[] = []
  await doEach(pool.threads, Array(groups).keys(), async (group) => {
    const places = Array.from(Array(all).keys()).filter((place) => place % groups === group)
    const part = { task, recording: ofPlaces(recording, places), places, packedBytes, endsAtMs }
    const found = await pool.run(placesJob, task, part)
    results.push('stopped' in found ? undecidedAt(limitOf(found)) : found)
  })
  const trouble = results.find(isTroubled)
  return trouble ?? together(results.flatMap((each) => ('trouble' in each ? [] : [each])))
}

/** Keeps only the operations of the given groups of keys (`places`), so that less data is sent. */
function ofPlaces({ rest, packed }: PackedRecording, places: readonly number[]): PackedRecording {
  const wanted = new Set(places)
  const none = { count: 0, pages: [] }
  return {
    // The packed operations contain the names of their keys, so these names are not sent twice.
    rest: { ...rest, keys: [], processNames: [] },
    packed: packed.map((each) => ({ ...each, rows: each.rows.map((rows, n) => (wanted.has(n) ? rows : none)) })),
  }
}
