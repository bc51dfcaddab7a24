import { type Millis, millis, millisToNanos } from '@chaosproxy/history'
import type { ServiceNode } from './node.ts'
import type { World } from './world.ts'

export interface Keeper {
  /** The time in nanoseconds when the data last changed. */
  readonly changedAt: number
  readonly isAnswering: boolean
  /** Whether a change is in progress, or a job is queued. */
  readonly isBusy: boolean
}

/** Longer timers, such as idle timeouts, are not waited for. */
const LONGEST_MS = millis(1_000)
/** A timer that has fired this many times with one delay counts as repeating. */
const REPEATS = 3
/** If a timer of a program sends a request, the answer usually arrives within this time. */
const ANSWERED_MS = millis(50)
/** After this time, the programs count as quiet even if their timers still change something whenever they fire. */
const PATIENCE_MS = millis(3_000)

interface Around {
  readonly world: World
  readonly network: { readonly underWay: number }
  readonly nodes: () => Iterable<ServiceNode>
  readonly keepers: readonly Keeper[]
}

/**
 * Determines whether programs have done what clients requested. They have if all of this is true:
 *
 * - Nothing is in progress at a shared server or on the way to it.
 * - No one-time timer is about to fire.
 * - Every repeating timer has fired since the last change, without causing another change.
 */
export class Quiet {
  readonly #around: Around
  #askedSince: number | undefined

  constructor(around: Around) {
    this.#around = around
  }

  disturbed(): void {
    this.#askedSince = undefined
  }

  get isUnderWay(): boolean {
    return this.#around.keepers.some(({ isBusy }) => isBusy)
  }

  /**
   * Whether the programs have done what clients requested. Without a shared server, the nodes themselves have the data,
   * and must agree on it. Whether they have done so cannot be determined, so the result is then always true.
   */
  get isQuiet(): boolean {
    const { world, network, keepers } = this.#around
    if (keepers.length === 0) return true
    if (this.isUnderWay) return false
    const { now } = world.queue
    this.#askedSince ??= now
    if (now >= this.#askedSince + millisToNanos(PATIENCE_MS)) return true
    if (network.underWay > 0) return false
    const period = this.#longestPeriod()
    if (period === undefined) return false
    // If no timer repeats, the programs are quiet once no shared server is answering. A repeating timer may send
    // further requests. If a timer repeats, the programs are quiet once the data has stayed unchanged for so long that
    // every timer has fired and its requests are answered.
    if (period === 0) return !keepers.some(({ isAnswering }) => isAnswering)
    const changedAt = Math.max(...keepers.map((keeper) => keeper.changedAt))
    return now >= changedAt + millisToNanos(millis(2 * period + ANSWERED_MS))
  }

  /**
   * Returns the longest period of the repeating timers; 0 if there are none, undefined if a one-time timer is about to
   * fire.
   */
  #longestPeriod(): Millis | undefined {
    let longest = 0
    for (const { life } of this.#around.nodes())
      for (const { delayMs, repeats } of life?.timers.values() ?? []) {
        if (delayMs > LONGEST_MS) continue
        if (!repeats && (life?.rings.get(delayMs) ?? 0) < REPEATS) return undefined
        longest = Math.max(longest, delayMs)
      }
    return millis(longest)
  }
}
