import type { SimulatedCluster } from '@chaosproxy/simulator'

/** Kills a node for a while. */
export const stopped =
  (afterMs: number, lastsMs: number, node = 'redis') =>
  (cluster: SimulatedCluster): void => {
    const { clock } = cluster
    const at = (ms: number, run: () => void): void => {
      clock.at((clock.now() + ms * 1e6) as typeof clock extends { now(): infer Time } ? Time : never, run)
    }
    at(afterMs, () =>
      cluster.inject({ kind: 'kill', nodes: [node] }, (outcome) => {
        if (outcome.type === 'injected') at(lastsMs, () => outcome.heal(() => {}))
        else throw new Error(outcome.type)
      }),
    )
  }
