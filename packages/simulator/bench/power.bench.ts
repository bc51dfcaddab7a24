import { type Millis, millis } from '@chaosproxy/history'
import { type ProtocolDefinition, protocols } from '@chaosproxy/protocols'
import { type SearchedProtocol, searchSeeds, type TrialLimits, usualStrategies } from '@chaosproxy/simulator'
import { casPaxos } from '../test/windows/cas-paxos.ts'
import { leasedRegister, slowlyLeasedRegister } from '../test/windows/leased-register.ts'
import { relay } from '../test/windows/relay.ts'
import { subjectWith } from './bug-subjects.ts'

// Measures whether a search finds each planted bug within a minute on one core, from each of several seeds. The search
// uses the default strategies, and the settings that expose the bug. CHAOS_POWER selects bugs by a part of their names,
// and CHAOS_POWER_S replaces the minute by another number of seconds.

export const name: string = 'power: every planted bug, from 3 seeds, in 60 s of one core'

const STARTS = [1, 1_000_001, 2_000_001]
const part = process.env['CHAOS_POWER'] ?? ''
const CAP_MS = 1_000 * Number(process.env['CHAOS_POWER_S'] ?? 60)
/** The number of seeds that chaos fuzz gives a thread at once. */
const AT_ONCE = 64

/**
 * Protocols that are newer than the strategies. Their bugs show only if events happen within milliseconds of each
 * other.
 */
const strangers: readonly ProtocolDefinition[] = [leasedRegister, slowlyLeasedRegister, casPaxos, relay]

/** Returns the CPU time of this process, which does not depend on other load on the machine. */
const now = (): Millis => {
  const { user, system } = process.cpuUsage()
  return millis((user + system) / 1_000)
}

const limits: TrialLimits = { memoryBytes: 2 ** 28, now, invariants: true }

export async function run(print: (line: string) => void): Promise<void> {
  let found = 0
  let tried = 0
  for (const protocol of [...protocols, ...strangers])
    for (const { name: bug } of protocol.bugs) {
      if (!`${protocol.name} ${bug}`.includes(part)) continue
      const subject = subjectWith(protocol, bug)
      const seconds = STARTS.map((start) => secondsToFind(subject, start))
      tried++
      if (!seconds.includes(undefined)) found++
      const times = seconds.map((time) => (time === undefined ? 'missed' : `${time.toFixed(2)} s`).padStart(9))
      print(`${`${protocol.name} ${bug}`.padEnd(46)}${times.join(' ')}`)
    }
  print(`${found} of ${tried} found from every seed`)
}

function secondsToFind(subject: SearchedProtocol, start: number): number | undefined {
  const startedAt = now()
  for (let first = start; now() - startedAt < CAP_MS; first += AT_ONCE) {
    const search = { first, count: AT_ONCE, strategies: usualStrategies, limits }
    const { findings } = searchSeeds(subject, { ...search, stopAtFirst: false, verifyDeterminism: false })
    // A protocol may be unable to recover even without the bug, so such failures do not count.
    if (findings.some(({ failure }) => failure.kind !== 'unrecovered')) return (now() - startedAt) / 1_000
  }
  return undefined
}
