import type { TcpFault } from '@chaosproxy/faults'
import { clientFilterOf, createAffliction, type StandingFault, validateUpdate } from './affliction.ts'
import type { ProxyClock } from './clock.ts'
import type { LinkState } from './link-state.ts'

export interface AppliedFault {
  readonly fault: TcpFault
  /** How often the fault acted on something: a chunk, the end of a stream, or a whole connection. */
  readonly hits: number
  /**
   * Changes the parameters or the trigger immediately. Live connections keep their state, such as the bytes counted by
   * a limit.
   *
   * @throws UserError (usage) if `fault` is of another kind, is on other links, or has an invalid number.
   */
  update(fault: TcpFault): void
  /** Heals the fault immediately: held bytes are released in order, and connections that lost bytes are reset. */
  remove(): void
}

export interface StandingApplied extends AppliedFault {
  stopTiming(): void
}

/** Puts a fault in force on the links. `gone` is called once it is removed. */
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

  /** Updates all links before it notifies flows, so that both directions of a connection change together. */
  function settle(): void {
    const flows = states.flatMap((state) => state.settle())
    for (const flow of flows) flow.stagesChanged()
  }

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

/** Resets the live connections that the trigger selects. No fault stays in force. */
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
