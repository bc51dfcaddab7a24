import { inputError } from '@chaosproxy/history'
import { type SearchedProtocol, type Strategy, type TrialLimits, unrepeatableSeed } from '@chaosproxy/simulator'

/** How many seeds are run twice to check repeatability. */
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
    /** Whether to leave the remaining seeds unchecked. */
    readonly stopped?: (() => boolean) | undefined
    /** Returns the elapsed fraction of the time for checking. */
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
    `${name} cannot be simulated: its runs are not repeatable (${different}). The program keeps state between runs, such as a property of a built-in object, or uses something that the simulator does not control. Find the cause with console.log and chaos replay.`,
  )
}
