import { errorText } from '@chaosproxy/history'
import { traceOf } from '@chaosproxy/protocols'
import { isBinary, isUserFile } from '@chaosproxy/targets/named'
import type { Doing, Job, Pool } from '../jobs/job.ts'
import { partsOf } from '../references/services.ts'
import { searchedIn } from '../worlds/registry.ts'
import { withinText } from '../worlds/watched-protocol.ts'
import { userMistake } from './user-mistake.ts'

/** What is reported of a protocol that blocked or ended its thread. */
export interface Stuck {
  readonly seed: number
  readonly what: string
  /** What failed, without the event at which it happened. Failures with the same text have one cause. */
  readonly mistake: string
  readonly trace: readonly string[]
}

export type Supervised<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'abandoned' }
  | ({ readonly type: 'stuck' } & Stuck)

/** After this many polls in the same step, a thread counts as stuck. A step normally takes microseconds. */
const LOOKS_BEFORE_STUCK = 12
/**
 * For programs, a thread counts as stuck only after this many polls in the same step. Programs start slowly and have
 * their own time limit.
 */
const LOOKS_AT_PROGRAMS = 60

/** Runs a job with a protocol. Identifies a step that does not return or takes all memory. */
export async function supervise<Spec extends object, Result>(
  pool: Pool,
  job: Job<Spec, Result>,
  spec: Spec,
  { signal, stop }: Pick<Doing, 'signal' | 'stop'> = {},
): Promise<Supervised<Result>> {
  const end = await pool.do(job, spec, { signal, stop, looks: looksAt(spec) })
  if (end.type === 'done') return end
  if (end.type === 'given up' || signal?.aborted) return { type: 'abandoned' }
  const mistaken = end.type === 'failed' ? userMistake(end.error) : undefined
  if (mistaken !== undefined) throw mistaken
  if (end.type === 'failed' && !isUserFile(referenceIn(spec))) throw end.error
  const { unit, calls: steps, within } = end.reading
  // Before the first seed begins, the progress has no seed.
  const seed = Math.max(unit, firstOf(spec) ?? unit)
  // It is unknown which seed failed.
  if (end.type === 'failed')
    return { type: 'stuck', seed: firstOf(spec) ?? seed, ...failedBetweenSteps(end.error, subjectOf(spec)) }
  // Runs the seed again, to find out in which step the thread was stopped.
  const one: Spec = { ...spec, ...('first' in spec ? { first: seed, count: 1 } : {}) }
  const again =
    end.why !== 'memory' || steps > 0 ? await pool.do(job, one, { signal, looks: looksAt(spec), wanted: steps }) : end
  // The seed did not fail again. Perhaps the machine was suspended, or another thread used up the memory.
  if (again.type === 'done') {
    const anew = await pool.do(job, spec, { signal, stop, looks: looksAt(spec) })
    if (anew.type === 'done') return anew
  }
  const described = again.type === 'done' ? '' : again.described
  const event = described || `its step number ${steps}`
  const ill =
    end.why === 'memory' ? 'takes more memory than there is' : `does not return from its ${withinText(within)}`
  const mistake = `${subjectOf(spec)} ${ill}`
  return { type: 'stuck', seed, what: `${mistake}: ${event}`, mistake, trace: [] }
}

const firstOf = (spec: object): number | undefined => ('first' in spec ? Number(spec.first) : undefined)

const subjectOf = (spec: object): string => `the ${searchedIn(referenceIn(spec)).noun}`

const looksAt = (spec: object): number => (isBinary(referenceIn(spec)) ? LOOKS_AT_PROGRAMS : LOOKS_BEFORE_STUCK)

function referenceIn(spec: object): string {
  const { subject, spec: run } = spec as {
    readonly subject?: { readonly target: string }
    readonly spec?: { readonly target: { readonly name: string } }
  }
  return partsOf(subject?.target ?? run?.target.name ?? '').name
}

/** Describes a failure in asynchronous code that a step started. */
function failedBetweenSteps(error: unknown, subject: string): Pick<Stuck, 'what' | 'mistake' | 'trace'> {
  const mistake = `${subject} threw outside its steps`
  const message = errorText(error)
  return {
    what: `${mistake}, in asynchronous code that a step started: ${message}`,
    mistake,
    trace: traceOf(error),
  }
}
