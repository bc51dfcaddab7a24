import type { Completion, Input } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'

export interface Performer {
  /** Carries out one operation, which may take several requests. Resolves soon after the timeout at the latest. */
  perform(input: Input, timeoutMs: number): Promise<Completion>
  close(): void
}

/**
 * Returns a client whose own reports are the history. An operation of unknown outcome counts as failed if it cannot
 * change anything.
 */
export const performingClient = ({ perform, close }: Performer): Client => ({
  invoke({ input, harmless }, timeoutMs, completed) {
    perform(input, timeoutMs).then((completion) =>
      completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
    )
  },
  close,
})
