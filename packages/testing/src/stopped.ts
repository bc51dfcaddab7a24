import type { Fault } from '@chaosproxy/faults'
import type { SimulatedCluster } from '@chaosproxy/simulator'

const during =
  (fault: Fault, afterMs: number, lastsMs: number) =>
  (cluster: SimulatedCluster): void => {
    const { clock } = cluster
    const at = (ms: number, run: () => void): void => {
      clock.at((clock.now() + ms * 1e6) as typeof clock extends { now(): infer Time } ? Time : never, run)
    }
    at(afterMs, () =>
      cluster.inject(fault, (outcome) => {
        if (outcome.type === 'injected') at(lastsMs, () => outcome.heal(() => {}))
        else throw new Error(outcome.type)
      }),
    )
  }

/** Kills a node after `afterMs`, for `lastsMs`. */
export const stopped = (afterMs: number, lastsMs: number, node = 'redis'): ReturnType<typeof during> =>
  during({ kind: 'kill', nodes: [node] }, afterMs, lastsMs)

/** Cuts the power of a node, which loses a part of its unsynced data. */
export const unpowered = (afterMs: number, lastsMs: number, node = 'redis'): ReturnType<typeof during> =>
  during({ kind: 'power-loss', nodes: [node], unsynced: 'torn' }, afterMs, lastsMs)
