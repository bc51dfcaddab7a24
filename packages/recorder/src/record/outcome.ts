import { EDGE, type Edges, type Interpretation } from './call.ts'

/** The known facts about an operation when it ends in one of the two views. */
export interface Ending {
  readonly edges: Edges
  /** The meaning of the reply, if a complete reply was seen. */
  readonly answer?: Interpretation | undefined
  /** The meaning of the backend's own reply, if any. A fault may have replaced this reply on the way to the client. */
  readonly backend: Interpretation | undefined
  /** The reason for a missing reply. */
  readonly reason?: string | undefined
  /** See `Call`. */
  readonly harmless: boolean
}

/**
 * Returns the outcome of a request by these rules.
 *
 * - If the request was never sent, it certainly had no effect. The outcome is `fail`, even for a fabricated answer. A
 *   fabricated `ok` stays `ok`, since the client received it.
 * - If the request was sent and answered, the answer determines the outcome. But only a refusal by the backend itself
 *   is a `fail`. If a fault fabricated the refusal, the outcome is `info`, since the request may have taken effect.
 * - If the answer is not understood, it does not show the outcome.
 * - If the request was sent and not answered completely, the outcome is `info`, since the request may have taken
 *   effect.
 * - A harmless request may `fail` instead of `info`, since the difference is invisible. But if its answer arrived and
 *   was not understood, the client saw a value that the record lacks.
 */
export function outcomeOf({ edges, answer, backend, reason, harmless }: Ending): Interpretation {
  if (answer?.type === 'ok') return answer
  const error = answer?.error ?? reason ?? 'no answer'
  const left = (edges & EDGE.backendOut) !== 0
  if (!left) return { type: 'fail', error: answer === undefined ? `never forwarded: ${error}` : error }
  if (answer?.type === 'not-understood') return answer
  if (answer?.type === 'fail' && backend?.type === 'fail')
    return backend.answered === true ? answer : { type: 'fail', error }
  if (harmless) return { type: 'fail', error }
  if (answer?.type === 'fail') return { type: 'info', error: `${error}, but the backend may have carried it out` }
  return { type: 'info', error }
}
