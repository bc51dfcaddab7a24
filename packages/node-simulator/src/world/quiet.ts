import { type Millis, millis, millisToNanos } from '@chaosproxy/history'
import type { ServiceNode } from './node.ts'
import type { World } from './world.ts'

/** A server that keeps data for programs. */
export interface Keeper {
  /** When its data last changed, in nanoseconds. */
  readonly changedAt: number
  /** Whether it has something to answer, which may change nothing. */
  readonly isAnswering: boolean
  /** Whether a change, or a job that a program left with it, is under way. */
  readonly isBusy: boolean
}

/** Timers of more than this are not waited for: timeouts of idle connections, housekeeping. */
const LONGEST_MS = millis(1_000)
/** A timer that has rung so often with one delay is one that repeats. */
const REPEATS = 3
/** What a timer begins is answered within this time, as a rule. */
const ANSWERED_MS = millis(50)
/** A program whose timers always change something is not waited for longer. */
const PATIENCE_MS = millis(3_000)

interface Around {
  readonly world: World
  readonly network: { readonly underWay: number }
  readonly nodes: () => Iterable<ServiceNode>
  readonly keepers: readonly Keeper[]
}

/**
 * Whether programs have done what clients asked of them: nothing is under way at a server that they share or on the way
 * to it, such as a connection that is opened again, no timer of theirs is about to ring once, and those that repeat have
 * rung since the last change without another one.
 */
export class Quiet {
  readonly #around: Around
  #askedSince: number | undefined

  constructor(around: Around) {
    this.#around = around
  }

  /** A client asks for a change. */
  disturbed(): void {
    this.#askedSince = undefined
  }

  /** Whether a server has something left to do. */
  get isUnderWay(): boolean {
    return this.#around.keepers.some(({ isBusy }) => isBusy)
  }

  /** Nodes without a server that they share answer for themselves: they have to agree. */
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
    // What a repeating timer asks again and again is waited for below.
    if (period === 0) return !keepers.some(({ isAnswering }) => isAnswering)
    const changedAt = Math.max(...keepers.map((keeper) => keeper.changedAt))
    return now >= changedAt + millisToNanos(millis(2 * period + ANSWERED_MS))
  }

  /** Of the timers that repeat; 0 without one, undefined while one is about to ring once. */
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
