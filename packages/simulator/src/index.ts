export type { RunEnd, RunLimits, SimulatedCluster, SimulatedEvent, SimulationOptions } from './cluster.ts'
export { createSimulatedCluster } from './cluster.ts'
export type { SimulatedRun } from './simulate.ts'
export { simulateRun } from './simulate.ts'
