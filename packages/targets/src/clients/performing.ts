import type { Completion, Input } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'

interface Performer {
  perform(input: Input, timeoutMs: number): Promise<Completion>
  close(): void
}

/**
 * Returns a client whose own reports are the history. An operation that changes nothing counts as failed if its outcome
 * is unknown.
 */
export const performingClient = ({ perform, close }: Performer): Client => ({
  invoke({ input, harmless }, timeoutMs, completed) {
    perform(input, timeoutMs).then((completion) =>
      completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
    )
  },
  close,
})
