import { inputError } from '@chaosproxy/history'
import { type SearchedProtocol, type Strategy, type TrialLimits, unrepeatableSeed } from '@chaosproxy/simulator'

/** The number of seeds that are run twice to see whether a program is repeatable. */
const SELF_CHECKED = 10

/** @throws UserError (input) for a program whose runs depend on more than their seeds. */
export function requireRepeatable(
  subject: SearchedProtocol,
  {
    first,
    count,
    strategies,
    limits,
    stopped,
    share,
  }: {
    readonly first: number
    readonly count: number
    readonly strategies: readonly Strategy[]
    readonly limits: TrialLimits
    /** Whether to leave the rest unchecked. */
    readonly stopped?: (() => boolean) | undefined
    /** The share of the time for checking that has passed. */
    readonly share?: (() => number) | undefined
  },
): void {
  const different = unrepeatableSeed(subject, {
    ...{ first, strategies, limits, stopped, share },
    count: Math.min(SELF_CHECKED, count),
  })
  if (different === undefined) return
  const { name } = subject.protocol
  throw inputError(
    `${name} cannot be simulated: its runs are not repeatable (${different}). It keeps something from one run to the next, such as a property of a built-in object, or uses something real. Find it with console.log and chaos replay.`,
  )
}
