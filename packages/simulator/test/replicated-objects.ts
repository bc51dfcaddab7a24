import { type Millis, millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { levelFor, type Workload } from '@chaosproxy/workloads'
import { type SeedFailure, searchSeeds, usualStrategies } from '../src/index.ts'

const limits = {
  memoryBytes: 2 ** 28,
  now: (): Millis => millis(performance.now()),
  // Invariants are not checked, because clients should notice the bugs.
  invariants: false,
}

/**
 * Searches a protocol for failures, with the settings for its strongest promise, and returns the failures. The protocol
 * replicates the object of the workload.
 */
export function searchFor(
  workload: Workload,
  name: string,
  bug: string | undefined,
  count: number,
): readonly SeedFailure[] {
  const protocol = findProtocol(name)!
  const targetSettings = protocol.strictest ?? {}
  return searchSeeds(
    {
      target: name,
      protocol,
      bug,
      targetSettings,
      nodes: undefined,
      operations: 60,
      level: levelFor(workload, 'linearizable'),
      workload,
      settings: {},
    },
    { first: 1, count, strategies: usualStrategies, limits, stopAtFirst: bug !== undefined, verifyDeterminism: false },
  ).findings
}

/** The bugs planted in these protocols, each with its protocol. */
export const plantedIn = (...protocols: readonly string[]): (readonly [protocol: string, bug: string])[] =>
  protocols.flatMap((protocol) => findProtocol(protocol)!.bugs.map(({ name }) => [protocol, name] as const))
