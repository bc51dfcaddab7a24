import { traceOf } from '@chaosproxy/protocols'
import { SIMULATED, threadLimits } from '@chaosproxy/simulator'
import { isBinary, isUserFile } from '@chaosproxy/targets'
import type { Threads } from '../threads.ts'
import { createPulse, type Pulse, type PulseReading, readDescription, readPulse, type Within } from './pulse.ts'

/** A protocol that blocked or ended its thread. */
export interface Stuck {
  readonly seed: number
  /** What went wrong, and on which event. */
  readonly what: string
  /** The same without the event, so that failures of one cause are recognised. */
  readonly mistake: string
  readonly trace: readonly string[]
}

export type Supervised<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'abandoned' }
  | ({ readonly type: 'stuck' } & Stuck)

interface SupervisedTask {
  readonly pulse: Pulse
}

const LOOK_EVERY_MS = 250
/** How many checks may find a thread in the same step, which should take microseconds, before it counts as stuck. */
const LOOKS_BEFORE_STUCK = 12
/** A program has a time limit of its own, and takes longest to start. */
const LOOKS_AT_PROGRAMS = 60
/**
 * Checks do not count while the process grows by more than this between two of them: the step is then exhausting
 * memory.
 */
const GROWTH_BYTES = 2 ** 24

const NEARLY_ALL_BYTES = 0.6 * threadLimits.maxOldGenerationSizeMb * 2 ** 20

const NEVER = new AbortController().signal

/**
 * Runs a task on a thread of the pool, and detects a step of the protocol that does not return or takes all memory. The
 * thread is ended if `abandon` aborts.
 */
export async function supervise<T>(
  pool: Threads,
  name: string,
  task: object,
  abandon: AbortSignal = NEVER,
): Promise<Supervised<T>> {
  const pulse = createPulse()
  const end = await watched<T>(pool, name, { ...task, pulse }, looksAt(task), abandon)
  if (end.type === 'done') return end
  if (abandon.aborted) return { type: 'abandoned' }
  if (end.type === 'failed' && !isOfUser(task)) throw end.error
  const { seed, steps } = readPulse(pulse)
  // It is unknown which of the seeds it was.
  if (end.type === 'failed') return { type: 'stuck', seed: firstOf(task) ?? seed, ...failedBetweenSteps(end.error) }
  // Run just this seed again, up to the step to blame, which then describes itself before it is stopped again.
  const again = createPulse(steps)
  const one = { ...task, pulse: again, ...('first' in task ? { first: seed, count: 1 } : {}) }
  if (end.why !== 'memory' || steps > 0) await watched<T>(pool, name, one, LOOKS_BEFORE_STUCK / 3, abandon)
  const event = readDescription(again) || `its step number ${steps}`
  const ill = end.why === 'memory' ? 'takes more memory than there is' : `does not return from its ${end.within}`
  const mistake = `the protocol ${ill}`
  return { type: 'stuck', seed, what: `${mistake}: ${event}`, mistake, trace: [] }
}

type Ended<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'stopped'; readonly why: 'memory' }
  | { readonly type: 'stopped'; readonly why: 'hanging'; readonly within: Within }

async function watched<T>(
  pool: Threads,
  name: string,
  task: SupervisedTask,
  looks: number,
  abandon: AbortSignal,
): Promise<Ended<T>> {
  const stop = new AbortController()
  const giveUp = () => stop.abort()
  abandon.addEventListener('abort', giveUp)
  if (abandon.aborted) giveUp()
  let before: PulseReading | undefined
  let bytesBefore = process.memoryUsage.rss()
  let bytesAtStep = bytesBefore
  let unchanged = 0
  const timer = setInterval(() => {
    const now = readPulse(task.pulse)
    const bytes = process.memoryUsage.rss()
    const hangs = now.within !== undefined && before?.seed === now.seed && before.steps === now.steps
    const grows = bytes - bytesBefore > GROWTH_BYTES
    if (!hangs) {
      unchanged = 0
      bytesAtStep = bytes
    } else if (!grows) unchanged++
    before = now
    bytesBefore = bytes
    if (unchanged >= looks) stop.abort()
  }, LOOK_EVERY_MS)
  try {
    return { type: 'done', value: await pool.run(name, task, stop.signal) }
  } catch (error) {
    if (stop.signal.aborted) {
      // Near its limit memory hardly grows, since all time goes into garbage collection.
      const full = bytesBefore - bytesAtStep > NEARLY_ALL_BYTES
      return full
        ? { type: 'stopped', why: 'memory' }
        : { type: 'stopped', why: 'hanging', within: before?.within ?? 'step' }
    }
    if ((error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY') return { type: 'stopped', why: 'memory' }
    return { type: 'failed', error }
  } finally {
    clearInterval(timer)
    abandon.removeEventListener('abort', giveUp)
  }
}

const firstOf = (task: object): number | undefined => ('first' in task ? Number(task.first) : undefined)

/** Whether the task runs a user's own protocol, which a search names itself and a run names in its spec. */
const isOfUser = (task: object): boolean => isUserFile(referenceIn(task))

const looksAt = (task: object): number => (isBinary(referenceIn(task)) ? LOOKS_AT_PROGRAMS : LOOKS_BEFORE_STUCK)

function referenceIn(task: object): string {
  const { subject, spec } = task as {
    readonly subject?: { readonly target: string }
    readonly spec?: { readonly target: { readonly name: string } }
  }
  const reference = subject?.target ?? spec?.target.name ?? ''
  return reference.startsWith(SIMULATED) ? reference.slice(SIMULATED.length) : reference
}

/** A failure outside any step: steps are guarded, so something that a step started must have failed later. */
function failedBetweenSteps(error: unknown): Pick<Stuck, 'what' | 'mistake' | 'trace'> {
  const mistake = 'the protocol threw outside its steps'
  const said = error instanceof Error ? error.message : String(error)
  return {
    what: `${mistake}, from something that one of them began and left to itself: ${said}`,
    mistake,
    trace: traceOf(error),
  }
}
