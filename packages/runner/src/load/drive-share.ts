import { createRandom } from '@chaosproxy/faults'
import { millisToNanos, nanos } from '@chaosproxy/history'
import { afterAll, type ClientsOptions, FOLLOW_MS, followOn, startClients } from '../clients/driven-clients.ts'
import type { RunRecorder } from '../clients/recorder.ts'
import type { Client, Cluster } from '../ports/cluster.ts'
import { type LoadEntry, processNumbers, type Share, serialOf } from './remote-load.ts'

export interface ShareOptions
  extends Pick<ClientsOptions, 'workload' | 'settings' | 'clients' | 'sticky' | 'rate' | 'timeoutMs'> {
  readonly cluster: Pick<Cluster, 'nodes' | 'clock' | 'connect'>
  readonly seed: number
  readonly share: Share
  readonly emit: (entry: LoadEntry) => void
  readonly whenKnown: (known: () => void) => void
}

interface DrivenShare {
  /** Starts no further operation, waits for those in flight, and calls back. */
  stop(stopped: () => void): void
  /** Lets each client complete its outstanding work. To be called after `stop` and healing. */
  follow(followed: () => void): void
}

/** Starts a worker's share of the clients of a run. These act exactly as clients that the run itself drives. */
export function driveShare(options: ShareOptions): DrivenShare {
  const { cluster, share, seed, emit, whenKnown } = options
  const { clock } = cluster
  const newProcess = processNumbers(share.index, share.of)
  let asking = 0
  const recorder: RunRecorder = {
    newProcess,
    invoked({ process, node, input: { f, key, value }, final }) {
      asking = process
      emit({ type: 'planned', process, time: clock.now(), node, f, key, value, ...(final ? { final } : {}) })
    },
    completed({ process }, completion) {
      emit({ type: 'completed', process, time: clock.now(), completion })
    },
    nemesis() {},
    counts: () => ({ ok: 0, fail: 0, info: 0 }),
  }

  /** Returns a client that sends an operation only after the coordinator knows of the operation. */
  function announcing(client: Client): Client {
    return {
      invoke(request, timeoutMs, completed) {
        const process = asking
        whenKnown(() => {
          emit({ type: 'asked', process, time: clock.now() })
          client.invoke(request, timeoutMs, completed)
        })
      },
      close: () => client.close(),
    }
  }

  const loops = startClients({
    ...options,
    cluster: { nodes: cluster.nodes, clock, connect: (node) => announcing(cluster.connect(node)) },
    recorder,
    random: createRandom(seed),
    keys: new Set(),
    isOurs: (client) => client % share.of === share.index,
    serial: serialOf(share.index),
  })
  return {
    stop(stopped) {
      const oneLess = afterAll(loops.length + 1, stopped)
      for (const loop of loops) loop.stop(oneLess)
      oneLess()
    },
    follow: (followed) => followOn(loops, nanos(clock.now() + millisToNanos(FOLLOW_MS)), followed),
  }
}
