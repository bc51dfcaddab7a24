import { setImmediate } from 'node:timers/promises'
import { type Event, UserError } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition } from '@chaosproxy/protocols'
import { inMemory, performRun, planRun } from '@chaosproxy/runner'
import { guardProtocol } from '@chaosproxy/simulator'
import { SIMULATED, simulatedTarget } from '@chaosproxy/simulator/target'
import { loadProtocol, protocolFrom, targetOf, workloadOf } from '@chaosproxy/targets/named'
import { mustStop } from '@chaosproxy/targets/watchdog'
import type { Simulated, SimulateSpec } from './simulated-run.ts'
import { watchedProtocol } from './watched-protocol.ts'
import type { Loaded, VirtualWorld } from './world.ts'

const loaded = new Map<string, Promise<ProtocolDefinition>>()

export const simulator: VirtualWorld = {
  target: targetOf,
  player: ({ simulated }) => simulated,
  outline: guardedProtocol,
  async load(reference, { progress } = {}) {
    const protocol = await guardedProtocol(reference)
    return loadedAs(progress === undefined ? protocol : watchedProtocol(protocol, progress))
  },
  given: async (value) => {
    const protocol = guardProtocol(protocolFrom(value, 'the protocol'))
    return { ...loadedAs(protocol), target: protocol.name, usualNodes: undefined }
  },
  async run(spec, progress) {
    const protocol = await guardedProtocol(spec.spec.target.name.slice(SIMULATED.length))
    const simulated = await simulateSpec(spec, watchedProtocol(protocol, progress), () => mustStop(progress))
    await setImmediate()
    return simulated
  },
  // A search leaves out faults that a protocol does not support.
  requireFaultSupport() {},
  usualFaults: undefined,
}

const loadedAs = (protocol: ProtocolDefinition): Loaded => ({
  protocol,
  asserts: false,
  subject: (chosen) => ({
    ...chosen,
    perform: async (work) => work(),
    settle: () => setImmediate(),
  }),
})

/** @throws UserError (usage, input) if there is no such protocol. */
export function guardedProtocol(target: string): Promise<ProtocolDefinition> {
  const loading = loaded.get(target) ?? loadGuarded(target)
  loaded.set(target, loading)
  return loading
}

/** Loads a protocol. If it is a user's protocol, guards it against everything that could make repeated runs differ. */
async function loadGuarded(target: string): Promise<ProtocolDefinition> {
  const protocol = await loadProtocol(target)
  return findProtocol(target) === protocol ? protocol : guardProtocol(protocol)
}

const LOOK_EVERY_MS = 20

/**
 * Performs the run. Interrupts it once `isInterrupted` returns true. `protocol` must be the protocol that the spec
 * names.
 */
export async function simulateSpec(
  { spec, listening }: SimulateSpec,
  protocol: ProtocolDefinition,
  isInterrupted: () => boolean,
): Promise<Simulated> {
  const events: Event[] = []
  const interrupting = new AbortController()
  const timer = setInterval(() => isInterrupted() && interrupting.abort(), LOOK_EVERY_MS)
  try {
    const target = async () => simulatedTarget(protocol, true)
    const outcome = await performRun(spec, {
      plan: () => planRun(spec, { workload: workloadOf, target }, spec.target.name),
      store: inMemory(events),
      listening,
      interrupted: interrupting.signal,
    })
    return { events, outcome }
  } catch (error) {
    if (error instanceof UserError && error.code === 'environment') return { events, failure: error.message }
    throw error
  } finally {
    clearInterval(timer)
  }
}
