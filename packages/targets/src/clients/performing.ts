import type { Completion, Input } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'

export interface Performer {
  /** Carries out one operation, which may take several requests. Resolves at the latest soon after the timeout. */
  perform(input: Input, timeoutMs: number): Promise<Completion>
  close(): void
}

/**
 * Returns a client whose own reports are the history. An operation of unknown outcome counts as failed if it changes
 * nothing.
 */
export const performingClient = ({ perform, close }: Performer): Client => ({
  invoke({ input, harmless }, timeoutMs, completed) {
    perform(input, timeoutMs).then((completion) =>
      completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
    )
  },
  close,
})
