import { type Millis, millis, millisToNanos } from '@chaosproxy/history'
import type { ServiceNode } from './node.ts'
import type { World } from './world.ts'

/** A server that stores data for programs. */
export interface Keeper {
  /** The time in nanoseconds when the server's data last changed. */
  readonly changedAt: number
  /** Whether the server is answering something; the answer need not change anything. */
  readonly isAnswering: boolean
  /** Whether the server is working on a change, or on a job that a program has queued. */
  readonly isBusy: boolean
}

/** Longer timers are not waited for, such as timeouts of idle connections and housekeeping. */
const LONGEST_MS = millis(1_000)
/** A timer that has fired this many times with one delay counts as repeating. */
const REPEATS = 3
/** The time within which requests are usually answered if a timer caused them. */
const ANSWERED_MS = millis(50)
/** The longest wait for a program whose timers always change something. */
const PATIENCE_MS = millis(3_000)

interface Around {
  readonly world: World
  readonly network: { readonly underWay: number }
  readonly nodes: () => Iterable<ServiceNode>
  readonly keepers: readonly Keeper[]
}

/**
 * Determines whether programs have done everything that clients requested.
 *
 * - Nothing is in progress at a shared server or on the way to it, such as a reconnection.
 * - No one-time timer of a program is about to fire.
 * - Every repeating timer has fired since the last change, without causing another change.
 */
export class Quiet {
  readonly #around: Around
  #askedSince: number | undefined

  constructor(around: Around) {
    this.#around = around
  }

  /** Records that a client requested a change. */
  disturbed(): void {
    this.#askedSince = undefined
  }

  /** Whether a server has work in progress. */
  get isUnderWay(): boolean {
    return this.#around.keepers.some(({ isBusy }) => isBusy)
  }

  /**
   * Whether the programs are quiet. Nodes without a shared server always count as quiet, since they have to agree among
   * themselves.
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
    // The wait below covers the requests that a repeating timer causes again and again.
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
