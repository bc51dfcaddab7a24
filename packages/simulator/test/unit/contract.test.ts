import { millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { clusterContract } from '../../../runner/test/cluster-contract.ts'
import { createSimulatedCluster } from '../../src/cluster.ts'

clusterContract('simulated', ({ nodes, seed }) => {
  const machine = findProtocol('raft')!.create({ settings: {} })
  const cluster = createSimulatedCluster({ machine, nodes, seed })
  return Promise.resolve({
    cluster,
    advance(done) {
      const end = cluster.run(done, { events: 1_000_000, durationMs: millis(120_000) })
      return end === 'done' ? Promise.resolve() : Promise.reject(new Error(`the simulation stopped: ${end}`))
    },
  })
})
