import type { RunOptions } from '@chaosproxy/runner'
import type { SimulatedCluster } from '../src/cluster.ts'
import { beginSimulation, type SimulatedRun } from '../src/simulate.ts'

/** A whole run in virtual time, from electing a leader to the last final read; synchronous. */
export function simulateRun(cluster: SimulatedCluster, options: Omit<RunOptions, 'cluster'>): SimulatedRun {
  const simulation = beginSimulation(cluster, options)
  for (;;) {
    const run = simulation.advance(Number.POSITIVE_INFINITY)
    if (run !== undefined) return run
  }
}
