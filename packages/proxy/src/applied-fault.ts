import type { TcpFault } from '@chaosproxy/faults'
import type { StandingFault } from './affliction.ts'
import { clientFilterOf, createAffliction, validateUpdate } from './affliction.ts'
import type { ProxyClock } from './clock.ts'
import type { LinkState } from './link-state.ts'

/** A fault in force. */
export interface AppliedFault {
  readonly fault: TcpFault
  /**
   * How often it bit so far: chunks and stream ends it delayed, held, dropped or cut to pieces, bytes it corrupted, dials
   * it put off, connections it refused, closed or reset.
   */
  readonly hits: number
  /**
   * Changes parameters or trigger in place, at once and on live connections, which keep what they have been through
   * (bytes counted by a limit). Which connections it hits is drawn anew only where the trigger is another.
   *
   * @throws UserError (usage) for another kind of fault or other links, and for a number that makes no sense.
   */
  update(fault: TcpFault): void
  /**
   * Heals, at once and on live connections: what was held goes on, in order, and what lost bytes to a drop is reset.
   * Once more does nothing. A reset has nothing to remove.
   */
  remove(): void
}

export interface StandingApplied extends AppliedFault {
  /** Stops the timers that its trigger needs. */
  stopTiming(): void
}

/** Puts a fault in force on the links; `gone` is called once it is removed. */
export function afflict(
  initial: StandingFault,
  states: readonly LinkState[],
  clock: ProxyClock,
  gone: () => void,
): StandingApplied {
  const affliction = createAffliction(initial)
  const appliedAtMs = clock.nowMs()
  let cancelTimer: (() => void) | undefined
  let removed = false

  /** All links first: a connection that waits for both directions must not see one healed and the other not. */
  function settle(): void {
    const flows = states.flatMap((state) => state.settle())
    for (const flow of flows) flow.stagesChanged()
  }

  /** In force or not, as the trigger's times say, until they say otherwise. */
  function watchTheClock(): void {
    cancelTimer?.()
    cancelTimer = undefined
    const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY } = affliction.fault.when ?? {}
    const sinceMs = clock.nowMs() - appliedAtMs
    affliction.inForce = sinceMs >= fromMs && sinceMs < untilMs
    const nextMs = sinceMs < fromMs ? fromMs : untilMs
    if (sinceMs >= untilMs || nextMs === Number.POSITIVE_INFINITY) return
    cancelTimer = clock.after(nextMs - sinceMs, () => {
      watchTheClock()
      settle()
    })
  }

  for (const state of states) state.add(affliction)
  watchTheClock()
  settle()
  return {
    get fault() {
      return affliction.fault
    },
    get hits() {
      return affliction.hits
    },
    update(fault) {
      validateUpdate(affliction.fault, fault)
      const isSameTrigger = JSON.stringify(affliction.fault.when) === JSON.stringify(fault.when)
      affliction.fault = fault as StandingFault
      if (!isSameTrigger) {
        affliction.isForClient = clientFilterOf(fault)
        for (const state of states) state.chooseAnew(affliction)
      }
      if (removed) return
      watchTheClock()
      settle()
    },
    remove() {
      if (removed) return
      removed = true
      cancelTimer?.()
      gone()
      for (const state of states) state.remove(affliction)
      settle()
    },
    stopTiming: () => cancelTimer?.(),
  }
}

/** Resets what lives on the links, as far as the trigger goes; nothing remains. */
export function resetLinks(fault: TcpFault, states: readonly LinkState[]): AppliedFault {
  const connections = new Set<{ abort(): void }>()
  const once = { fault, isForClient: clientFilterOf(fault), inForce: false, hits: 0 }
  for (const state of states) for (const flow of state.chooseOnce(once)) connections.add(flow.connection)
  for (const connection of connections) connection.abort()
  return {
    fault,
    hits: connections.size,
    update: (changed) => validateUpdate(fault, changed),
    remove: () => undefined,
  }
}
