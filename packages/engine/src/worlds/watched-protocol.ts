import type { NodeId } from '@chaosproxy/faults'
import { type AnyMachine, describeEvent, type ProtocolDefinition, wrapWatches } from '@chaosproxy/protocols'
import { countCall, describeCall, enter, type Progress } from '@chaosproxy/targets/watchdog'

/** The watched functions of a protocol. While one runs, `progress` contains its index in this array plus one. */
const withins = ['step', '"status"', '"create"', 'invariants', 'turn'] as const
const [STEP, STATUS, CREATE, INVARIANTS, TURN] = [1, 2, 3, 4, 5] as const

/** Returns the name of the function whose number (its index in `withins` plus one) `progress` contains. */
export const withinText = (within: number): string => withins[within - 1] ?? withins[0]

/** Reports each turn of a simulated program to `progress`. */
export const watchedTurns = (progress: Progress) => ({
  entered(node: NodeId): void {
    if (countCall(progress)) describeCall(progress, `a turn of ${node}`)
    enter(progress, TURN)
  },
  left(): void {
    enter(progress, 0)
  },
})

export function watchedProtocol(protocol: ProtocolDefinition, progress: Progress): ProtocolDefinition {
  const { invariants } = protocol
  return {
    ...protocol,
    create: (options) =>
      watchedMachine(
        within(CREATE, progress, () => protocol.create(options)),
        progress,
      ),
    invariants: wrapWatches(
      invariants,
      (watch) => (state, event, durable) => within(INVARIANTS, progress, () => watch(state, event, durable)),
    ),
  }
}

/**
 * While a function runs, `progress` has the number of that function. Afterwards it has the previous number again,
 * because functions call one another.
 */
function within<T>(where: number, progress: Progress, run: () => T): T {
  const before = enter(progress, where)
  try {
    return run()
  } finally {
    enter(progress, before)
  }
}

function watchedMachine(machine: AnyMachine, progress: Progress): AnyMachine {
  function stepping<T>(node: NodeId | undefined, event: unknown, run: () => T): T {
    if (countCall(progress))
      describeCall(progress, `${node === undefined ? 'a node' : node} on ${describeEvent(event)}`)
    return within(STEP, progress, run)
  }
  return {
    start: (node, journal, now) => stepping(node.id, undefined, () => machine.start(node, journal, now)),
    step: (state, event, now, steady) => stepping(undefined, event, () => machine.step(state, event, now, steady)),
    status: (state) => within(STATUS, progress, () => machine.status(state)),
  }
}
