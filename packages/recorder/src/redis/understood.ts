import type { Json } from '@chaosproxy/history'
import type { Completions, Touches, Understanding } from '../record/call.ts'
import { type CommandOperation, isError, refusalOf } from './answers.ts'
import { completionsOf, type Recognised } from './command-reader.ts'
import type { PlacedLifetime } from './expirations.ts'
import type { Identity } from './identity.ts'

export interface Understood {
  readonly understanding: Understanding
  /** The keys that the request changes in addition to its recorded operations. */
  readonly touched?: { readonly what: string; readonly why: string; readonly touches: Touches } | undefined
  /** The expected response of the server: one reply, no attributable reply, or a number of pushes. */
  readonly awaits: 'answer' | 'nothing' | { readonly pushes: number }
  /** Whether the meaning of later requests changes if this request is not executed. */
  readonly steers?: true | undefined
  /** For a WAIT: the number of replicas that must have the preceding change for the change to count as confirmed. */
  readonly confirmedBy?: number | undefined
  /** The parts of the request's operations; absent for a request without operations. */
  readonly parts?: readonly CommandOperation[] | undefined
  /** The times to live that the request sets. */
  readonly lifetimes?: readonly PlacedLifetime[] | undefined
  /** Whether an error may occur after part of the request was executed. */
  readonly isScript?: true | undefined
  /** The recognised command, if it suffices to interpret the reply. */
  readonly recognised?: Recognised | undefined
  /** Called with the reply, undefined if unreadable. Returns the completions of the operations, if there are any. */
  readonly answered?: ((answer: Json | undefined) => Completions) | undefined
}

const NO_COMPLETIONS: Completions = []

/** The meaning of a request that is not an operation. */
export function passedOn(
  what: string,
  touches: Touches,
  answered?: (answer: Json | undefined) => void,
): Understood & { readonly awaits: 'answer' } {
  const understanding = { kind: 'passed-on', what, touches } as const
  if (answered === undefined) return { understanding, awaits: 'answer' }
  return {
    understanding,
    awaits: 'answer',
    answered: (answer) => {
      answered(answer)
      return NO_COMPLETIONS
    },
  }
}

export function operations(
  parts: readonly [CommandOperation, ...CommandOperation[]],
  { session, isFinal: final }: Pick<Identity, 'session' | 'isFinal'>,
): Understanding {
  // Nearly all requests have one operation. Iterating over a list costs more than the rest of this function.
  if (parts.length === 1) return { kind: 'operations', calls: [parts[0].call], session, final }
  const [first, ...rest] = parts
  return { kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session, final }
}

/** Marks a request whose failure would change the meaning of later requests. */
export const steering = (understood: Understood): Understood => ({ ...understood, steers: true })

/**
 * Returns the completions of a request's operations, given its reply. Undefined if the request has no operations.
 * `answer` is undefined if the reply is unreadable.
 */
export const completionsFor = (
  { recognised, answered }: Understood,
  answer: Json | undefined,
): Completions | undefined => (recognised === undefined ? answered?.(answer) : completionsOf(recognised, answer))

/**
 * Whether the reply shows for certain that the request had no effect: an error found before execution, or a transaction
 * aborted by a watched key.
 */
export function isRefusal({ understanding, touched, isScript }: Understood, answer: Json | undefined): boolean {
  if (isError(answer))
    return refusalOf(answer.error, isScript === true && !answer.error.startsWith('NOSCRIPT')).type === 'fail'
  const what = understanding.kind === 'passed-on' ? understanding.what : touched?.what
  return answer === null && what === 'EXEC'
}
