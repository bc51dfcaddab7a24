import { createPool } from '../fuzz/pool.ts'
import { createFlag, raise } from '../fuzz/pulse.ts'
import { supervise } from '../fuzz/supervise.ts'
import type { SimulateTask } from '../fuzz/worker.ts'
import type { Interrupts } from './interrupts.ts'
import type { RunPlan, Simulated, Simulator } from './simulate.ts'

/**
 * On a thread of its own, for a protocol of the user's own: it may never come back from a step. One thread for all runs, so
 * that what the protocol keeps outside its state is there in the next one.
 */
export function simulatorApart(target: string, plan: RunPlan, interrupts: Interrupts): Simulator {
  const pool = createPool(1)
  const stop = createFlag()
  interrupts.onInterrupt(() => raise(stop))
  return {
    async simulate() {
      const task: SimulateTask = { target, plan, stop }
      const end = await supervise<Simulated>(pool, 'simulateRun', task)
      if (end.type === 'done') return end.value
      return { events: [], end: { type: 'broken', what: end.what, trace: end.trace } }
    },
    end: () => pool.destroy(),
  }
}
