import type { Nanos } from '@chaosproxy/history'
import type { Cluster, WireHistory } from '../ports/cluster.ts'
import type { LiveJudge } from '../ports/live-judge.ts'
import type { Settled } from '../ports/run-outcome.ts'
import { sessionOf } from './process.ts'
import type { RunRecorder } from './recorder.ts'
import { createSettlement } from './settlement.ts'

interface WireBackedRecorder extends RunRecorder {
  settled(): Settled
  /** Completes the record. To be called once no operation is open. */
  finish(): void
}

/**
 * Starts the record of the cluster's proxy, if there is one. Adds the invocations that never reached the proxy, so that
 * the history shows which clients were not served.
 */
export function recordWire(
  { record }: Cluster,
  history: WireHistory | undefined,
  now: () => Nanos,
  online: LiveJudge,
): WireBackedRecorder | undefined {
  if (record === undefined || history === undefined) return undefined
  const settlement = createSettlement()
  const arrived = new Map<string, number>()
  const made = new Map<number, number>()
  let processes = 0

  const wire = record(
    {
      client(line, event) {
        history.client(line, event)
        const { type, session } = event
        if (type === 'invoke' && session !== undefined) arrived.set(session, (arrived.get(session) ?? 0) + 1)
        settlement.clientEvent(event)
        online.push(event)
      },
      backend(line, event) {
        history.backend(line)
        settlement.backendEvent(event)
      },
    },
    now,
  )

  return {
    newProcess: () => processes++,
    invoked: ({ process }) => made.set(process, (made.get(process) ?? 0) + 1),
    completed({ process, node: home, input, final }, completion) {
      const session = sessionOf(process)
      if ((arrived.get(session) ?? 0) < (made.get(process) ?? 0)) {
        const { f, key, value } = input
        const { node = home } = completion
        const error = completion.type === 'ok' ? 'not seen' : completion.error
        wire.missed({ session, node, f, key, value, final, error })
      }
      if (completion.type === 'info') settlement.gaveUp(session)
    },
    nemesis: (f, value) => wire.note(f, value),
    counts: () => wire.counts(),
    settled: settlement.settled,
    finish: () => wire.finish(),
  }
}
