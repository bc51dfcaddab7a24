import { EDGE, type Edges, type Interpretation } from './call.ts'

/** Everything known about an operation when it ends in one of the two views. */
export interface Ending {
  readonly edges: Edges
  /** The reply's meaning, if a whole reply was seen. */
  readonly answer?: Interpretation | undefined
  /** The meaning of the backend's own reply, if there was one: a fault may have given the client another. */
  readonly backend: Interpretation | undefined
  /** Why there is no reply. */
  readonly reason?: string | undefined
  /** See `Call`. */
  readonly harmless: boolean
}

/**
 * All outcome rules.
 *
 * - A request that was never sent certainly had no effect: `fail`, whatever answer was made up. A made-up `ok` stays
 *   `ok`, since that is what the client was told.
 * - A request that was sent and answered has the outcome its answer says, except that only the backend's own refusal
 *   is a `fail`. If a fault made up the refusal, the request may have taken effect: `info`.
 * - An answer that is not understood says nothing.
 * - A request that was sent and not answered in full may have taken effect: `info`.
 * - A harmless request may `fail` instead of `info`, since nobody can see the difference. But if its answer arrived and
 *   was not understood, the client saw something that the record lacks.
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
