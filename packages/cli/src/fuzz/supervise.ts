import type { Tinypool } from 'tinypool'
import { createPulse, type Pulse, type PulseReading, readDescription, readPulse } from './pulse.ts'

/** A thread that never came back: the protocol's own doing. */
export interface Stuck {
  readonly seed: number
  /** What was wrong, and on which event. */
  readonly what: string
}

export type Supervised<T> = { readonly type: 'done'; readonly value: T } | ({ readonly type: 'stuck' } & Stuck)

interface SupervisedTask {
  readonly pulse: Pulse
}

const LOOK_EVERY_MS = 250
/** Looks without progress within one and the same step; an honest one takes microseconds. */
const LOOKS_BEFORE_STUCK = 12
/** A step during which the process came to take so much more since the last look is on its way to the limit of memory. */
const GROWTH_BYTES = 2 ** 24

/** Runs a task on a thread of the pool; a step of the protocol that does not return, or takes all memory, is found out. */
export async function supervise<T>(pool: Tinypool, name: string, task: object): Promise<Supervised<T>> {
  const pulse = createPulse()
  const end = await watched<T>(pool, name, { ...task, pulse }, LOOKS_BEFORE_STUCK)
  if (end.type === 'done') return end
  const { seed, steps } = readPulse(pulse)
  // Once more, just this seed, up to the step that is to blame: it says what it is about to do, and is stopped again.
  const again = createPulse(steps)
  const one = { ...task, pulse: again, ...('first' in task ? { first: seed, count: 1 } : {}) }
  if (end.why !== 'memory' || steps > 0) await watched<T>(pool, name, one, LOOKS_BEFORE_STUCK / 3)
  const event = readDescription(again) || `its step number ${steps}`
  const ill = end.why === 'memory' ? 'takes more memory than there is' : 'does not return from its step'
  return { type: 'stuck', seed, what: `the protocol ${ill}: ${event}` }
}

type Ended<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'stopped'; readonly why: 'hanging' | 'memory' }

async function watched<T>(pool: Tinypool, name: string, task: SupervisedTask, looks: number): Promise<Ended<T>> {
  const stop = new AbortController()
  let before: PulseReading | undefined
  let bytesBefore = process.memoryUsage.rss()
  let unchanged = 0
  const timer = setInterval(() => {
    const now = readPulse(task.pulse)
    const bytes = process.memoryUsage.rss()
    const hangs = now.stepping && before?.seed === now.seed && before.steps === now.steps
    const grows = bytes - bytesBefore > GROWTH_BYTES
    if (!hangs) unchanged = 0
    else if (!grows) unchanged++
    before = now
    bytesBefore = bytes
    if (unchanged >= looks) stop.abort()
  }, LOOK_EVERY_MS)
  try {
    return { type: 'done', value: await pool.run(task, { name, signal: stop.signal }) }
  } catch (error) {
    if (stop.signal.aborted) return { type: 'stopped', why: 'hanging' }
    if ((error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY') return { type: 'stopped', why: 'memory' }
    throw error
  } finally {
    clearInterval(timer)
  }
}
