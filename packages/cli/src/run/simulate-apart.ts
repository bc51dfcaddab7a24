import { createPool } from '../fuzz/pool.ts'
import { createFlag, raise } from '../fuzz/pulse.ts'
import { supervise } from '../fuzz/supervise.ts'
import type { SimulateTask } from '../fuzz/worker.ts'
import type { Interrupts } from './interrupts.ts'
import type { RunPlan, Simulated } from './simulate.ts'

/** On a thread of its own, for a protocol of the user's own: it may never come back from a step. */
export async function simulateApart(target: string, plan: RunPlan, interrupts: Interrupts): Promise<Simulated> {
  const pool = createPool(1)
  try {
    const stop = createFlag()
    interrupts.onInterrupt(() => raise(stop))
    const task: SimulateTask = { target, plan, stop }
    const end = await supervise<Simulated>(pool, 'simulateRun', task)
    if (end.type === 'done') return end.value
    return { events: [], end: { type: 'broken', what: end.what, trace: end.trace } }
  } finally {
    await pool.destroy()
  }
}
