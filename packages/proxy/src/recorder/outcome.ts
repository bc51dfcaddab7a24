import type { Completion, Edges } from './call.ts'
import { EDGE } from './call.ts'

/** All that is known of an operation at the moment it ends, in one of the two views. */
export interface Ending {
  readonly edges: Edges
  /** What the answer said, where a whole one was seen. */
  readonly answer?: Completion | undefined
  /** Why there is no answer. */
  readonly reason?: string | undefined
  /** See `Call`. */
  readonly harmless: boolean
}

/**
 * The outcome rules, all of them.
 *
 * - A request that never left certainly had no effect: `fail`, whatever the answer made up in its place. (An answer made
 *   up that says `ok` stays one: it is what the client was told.)
 * - What left and was answered is what the answer says; an answer that is not understood says nothing.
 * - What left and was not answered in full may have taken effect: `info`.
 * - What leaves nothing behind may `fail` instead of `info`: nobody can ever see the difference. Not so where its answer
 *   came and was not understood: the client saw something, and the record does not say what.
 */
export function outcomeOf({ edges, answer, reason, harmless }: Ending): Completion {
  if (answer?.type === 'ok') return answer
  const error = answer?.error ?? reason ?? 'no answer'
  const left = (edges & EDGE.backendOut) !== 0
  if (!left) return { type: 'fail', error: answer === undefined ? `never forwarded: ${error}` : error }
  if (answer?.type === 'not-understood') return answer
  if (answer?.type === 'fail' || harmless) return { type: 'fail', error }
  return { type: 'info', error }
}
