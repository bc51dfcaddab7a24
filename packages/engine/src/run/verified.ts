import { type Event, UserError } from '@chaosproxy/history'
import type { PlannedRun, RunStore } from '@chaosproxy/runner'
import type { Performer } from './apart.ts'

/** A store that performs a run once more, and rejects it unless both histories are byte for byte the same. */
export const verified = (
  store: RunStore,
  { run, performer, interrupted }: { run: PlannedRun; performer: Performer; interrupted: AbortSignal },
): RunStore => ({
  ...store,
  open(header, failed) {
    const record = store.open(header, failed)
    const events: Event[] = []
    return {
      ...record,
      append(event) {
        events.push(event)
        record.append(event)
      },
      async verify(outcome) {
        // Interrupted runs end at different places and cannot be compared.
        if (outcome.interrupted || interrupted.aborted) return
        const again = await performer.again(run, { interrupted })
        const { digestOf } = await import('@chaosproxy/simulator')
        if (interrupted.aborted || digestOf(again?.events ?? []) === digestOf(events)) return
        throw new UserError(
          'environment',
          `${run.target.name} is not deterministic: the same run, repeated, gave another history. Its steps may depend only on their state and event: no clock, no Math.random, no state kept elsewhere.`,
        )
      },
    }
  },
})
