import type { Completion, Input } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'

export interface Performer {
  /** Carries out one operation, which may take several requests. Resolves soon after the timeout at the latest. */
  perform(input: Input, timeoutMs: number): Promise<Completion>
  close(): void
}

/** A client whose own reports are the history. What changes nothing has failed if its outcome is unknown. */
export const performingClient = ({ perform, close }: Performer): Client => ({
  invoke({ input, harmless }, timeoutMs, completed) {
    perform(input, timeoutMs).then((completion) =>
      completed(completion.type === 'info' && harmless ? { type: 'fail', error: completion.error } : completion),
    )
  },
  close,
})
