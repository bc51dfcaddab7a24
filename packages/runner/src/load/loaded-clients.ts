import type { Random } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import { keysIn } from '@chaosproxy/workloads'
import { afterAll, operationsOf } from '../clients/driven-clients.ts'
import type { RunClients } from '../clients/run-clients.ts'
import type { LiveJudge } from '../ports/live-judge.ts'
import type { RunOptions } from '../ports/run-options.ts'
import { createMerge } from './merge.ts'
import type { RemoteLoad } from './remote-load.ts'
import { processNumbers, serialOf } from './remote-load.ts'

interface LoadingOptions {
  readonly random: Random
  readonly startedAt: Nanos
  readonly since: () => Nanos
  readonly online: LiveJudge
}

/** Lets workers drive the clients, and merges their events with the local ones. */
export function loadClients(
  { workload, settings, sink }: RunOptions,
  load: RemoteLoad,
  { random, startedAt, since, online }: LoadingOptions,
): RunClients {
  const keys = new Set<string>()
  const of = load.workers.length
  online.stop('a history timed by several clocks is judged only at the end')
  const merge = createMerge({ workers: load.workers, startedAt, now: since, append: (event) => sink.append(event) })
  load.begin({
    received(worker, entries, upTo) {
      for (const entry of entries) if (entry.type === 'planned') for (const key of keysIn(entry)) keys.add(key)
      merge.received(worker, entries, upTo)
    },
    ended: merge.ended,
  })
  return {
    recorder: { ...merge.recorder, newProcess: processNumbers(of, of) },
    stop(_, heal, stopped) {
      const oneLess = afterAll(2, stopped)
      heal(oneLess)
      load.stop(oneLess)
    },
    follow: (followed) => load.follow(followed),
    inputs: () => workload.finale([...keys]),
    areLikeFinalReads: true,
    otherwise: operationsOf({ workload, settings }, () => serialOf(of), random),
    settle: () => undefined,
    doubts: () => [],
  }
}
