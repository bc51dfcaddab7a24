import { type Event, UserError } from '@chaosproxy/history'
import type { Performer } from './apart.ts'

/** Performs every run twice, and rejects it unless both histories are byte for byte the same. */
export const verified = ({ perform, end }: Performer): Performer => ({
  async perform(run, options) {
    const events: Event[] = []
    const sink = {
      append(event: Event) {
        events.push(event)
        options.sink.append(event)
      },
    }
    const outcome = await perform(run, { ...options, sink })
    // Interrupted runs end at different places and cannot be compared.
    if (outcome === undefined || outcome.interrupted || options.interrupted?.aborted) return outcome
    const again: Event[] = []
    const repeated = { append: (event: Event) => void again.push(event) }
    await perform(run, { ...options, sink: repeated, listener: undefined })
    const { digestOf } = await import('@chaosproxy/simulator')
    if (options.interrupted?.aborted || digestOf(again) === digestOf(events)) return outcome
    throw new UserError(
      'environment',
      `${run.target.name} is not deterministic: the same run, repeated, gave another history. Its steps may depend only on their state and event: no clock, no Math.random, no state kept elsewhere.`,
    )
  },
  end,
})
