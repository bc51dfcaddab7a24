import type { Json } from '@chaosproxy/history'
import type { Completions, Touches, Understanding } from '../recorder/call.ts'
import type { Part } from './answers.ts'
import type { Recognised } from './command-reader.ts'
import type { Identity } from './identity.ts'

/** What a request means on its connection. */
export interface Understood {
  readonly understanding: Understanding
  /** What the request changes besides its recorded operations. */
  readonly touched?: { readonly what: string; readonly why: string; readonly touches: Touches } | undefined
  /** What the server sends in return: one answer, nothing that can be told apart, or a number of pushes. */
  readonly awaits: 'answer' | 'nothing' | { readonly pushes: number }
  /** Whether later requests mean something else if this one is not carried out. */
  readonly steers?: true | undefined
  /** By how many replicas it has the change before it confirmed: a WAIT. */
  readonly confirmedBy?: number | undefined
  /** The parts of its operations; absent if it has none. */
  readonly parts?: readonly Part[] | undefined
  /** The command that reads the answer, if no more than that is to be done with it. */
  readonly recognised?: Recognised | undefined
  /** Called with the answer, undefined if it cannot be read. Returns what it says of the operations, if there are any. */
  readonly answered?: ((answer: Json | undefined) => Completions) | undefined
}

const NO_COMPLETIONS: Completions = []

/** A request that is no operation. */
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
  parts: readonly [Part, ...Part[]],
  { session, isFinal: final }: Pick<Identity, 'session' | 'isFinal'>,
): Understanding {
  // Nearly all requests ask for one operation, and taking a list apart costs more than the rest of this.
  if (parts.length === 1) return { kind: 'operations', calls: [parts[0].call], session, final }
  const [first, ...rest] = parts
  return { kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session, final }
}

/** Marks a request whose failure would change what later ones mean. */
export const steering = (understood: Understood): Understood => ({ ...understood, steers: true })
