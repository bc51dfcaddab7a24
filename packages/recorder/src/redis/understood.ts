import type { Json } from '@chaosproxy/history'
import type { Completions, Touches, Understanding } from '../record/call.ts'
import { type CommandOperation, isError, refusalOf } from './answers.ts'
import { completionsOf, type Recognised } from './command-reader.ts'
import type { PlacedLifetime } from './expirations.ts'
import type { Identity } from './identity.ts'

export interface Understood {
  readonly understanding: Understanding
  /** The keys that the request may change, apart from those of its operations. */
  readonly touched?: { readonly what: string; readonly why: string; readonly touches: Touches } | undefined
  /** What the server sends: one reply, a number of pushes, or nothing that belongs to this request. */
  readonly awaits: 'answer' | 'nothing' | { readonly pushes: number }
  /** Whether the meaning of later requests depends on whether this request is executed. */
  readonly steers?: true | undefined
  /** For a WAIT: how many replicas must confirm the preceding change. */
  readonly confirmedBy?: number | undefined
  /** The request's operations, each with the function that interprets its reply; absent if the request has none. */
  readonly parts?: readonly CommandOperation[] | undefined
  readonly lifetimes?: readonly PlacedLifetime[] | undefined
  /** Whether an error may follow a partial execution, as in a script. */
  readonly isScript?: true | undefined
  /** The command. Set only if the reply can be interpreted by the command alone. */
  readonly recognised?: Recognised | undefined
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
  // Nearly all requests have one operation. A loop would take more time than the rest of this function.
  if (parts.length === 1) return { kind: 'operations', calls: [parts[0].call], session, final }
  const [first, ...rest] = parts
  return { kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session, final }
}

export const steering = (understood: Understood): Understood => ({ ...understood, steers: true })

/**
 * Returns the completions of a request's operations. Undefined if the request has no operations. `answer` is undefined
 * if the reply was unreadable.
 */
export const completionsFor = (
  { recognised, answered }: Understood,
  answer: Json | undefined,
): Completions | undefined => (recognised === undefined ? answered?.(answer) : completionsOf(recognised, answer))

/** Whether the reply shows that the request had no effect. */
export function isRefusal({ understanding, touched, isScript }: Understood, answer: Json | undefined): boolean {
  if (isError(answer))
    return refusalOf(answer.error, isScript === true && !answer.error.startsWith('NOSCRIPT')).type === 'fail'
  const what = understanding.kind === 'passed-on' ? understanding.what : touched?.what
  return answer === null && what === 'EXEC'
}
