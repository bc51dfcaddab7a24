import { setImmediate } from 'node:timers/promises'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError, millis, type Nanos, nanos, nanosToMillis, plural, type UserError } from '@chaosproxy/history'
import { describeEvent, MachineError, type ProtocolDefinition } from '@chaosproxy/protocols'
import { currentLeader, type StartedCluster, type StartOptions } from '@chaosproxy/runner'
import { createSimulatedCluster, type SimulatedCluster } from './cluster.ts'
import { createEar } from './ear.ts'
import { longestSettingMs } from './recovery-time.ts'
import { WARM_UP } from './simulate.ts'

/**
 * Starts a protocol's cluster in virtual time.
 *
 * @throws UserError (environment) if the protocol does not work
 */
export function startInVirtualTime(
  protocol: ProtocolDefinition,
  options: StartOptions,
  watched: boolean,
): StartedCluster {
  try {
    return startSimulated(protocol, options, watched)
  } catch (error) {
    throw error instanceof MachineError ? brokenError(protocol, error.message, error.trace) : error
  }
}

function startSimulated(protocol: ProtocolDefinition, options: StartOptions, watched: boolean): StartedCluster {
  const { nodes, settings: targetSettings, bug, object, seed } = options
  let last: { readonly node: NodeId; readonly event: unknown } | undefined
  const observe = (node: NodeId) => (_: unknown, event: unknown) => {
    last = { node, event }
  }
  const machine = protocol.create({ bug, object, settings: targetSettings })
  const ear = options.listening === undefined ? undefined : createEar(options.listening)
  const cluster = createSimulatedCluster({
    ...{ machine, nodes, seed, longestSettingMs: longestSettingMs(protocol, targetSettings) },
    observe: watched ? observe : undefined,
    ear: ear?.listen,
  })
  cluster.run(() => cluster.isReady(), WARM_UP)
  // Recording begins before virtual time advances further.
  ear?.begin()

  let stopped = false
  let broken: UserError | undefined
  const callbacks: ((error: UserError) => void)[] = []
  const breaks = (error: UserError) => {
    broken = error
    for (const callback of callbacks) callback(error)
  }

  /**
   * A simulation never waits for anything, so it yields regularly. Other code can then interrupt or observe the run.
   */
  async function drive(): Promise<void> {
    const flood = watched ? floodWatch(cluster, options.rate) : () => undefined
    const [firstEvent, firstTime] = [cluster.eventCount(), cluster.clock.now()]
    while (!stopped) {
      const longestMs = options.longestMs + cluster.recoveryMs()
      const lastEvent = firstEvent + longestMs * EVENTS_PER_MS
      const reason = advance(cluster, () => stopped, lastEvent, nanos(firstTime + longestMs * 1e6))
      if (reason !== undefined && !stopped) {
        breaks(environmentError(`${protocol.name}: the simulation was stopped (${reason}) before the run had ended.`))
        return
      }
      const flooded = flood()
      if (flooded !== undefined) {
        const text = last === undefined ? '' : `; the last one was ${last.node} on ${describeEvent(last.event)}`
        breaks(brokenError(protocol, `${flooded}${text}`, []))
        return
      }
      await setImmediate()
    }
  }

  return {
    ...cluster,
    readyMs: undefined,
    leader: () => currentLeader(cluster),
    begin() {
      drive().catch((error: unknown) => {
        const { message, trace } = error instanceof MachineError ? error : unexpected(error)
        breaks(brokenError(protocol, message, trace))
      })
    },
    onBroken(callback) {
      callbacks.push(callback)
      if (broken !== undefined) callback(broken)
    },
    trouble: () => [],
    heard: () => ear?.heard(),
    stop(callback) {
      stopped = true
      cluster.stop(callback)
    },
  }
}

/** The number of events in a slice of about ten milliseconds. Interrupts are noticed only between slices. */
const EVENTS_AT_A_TIME = 5_000
/** The maximum number of events per virtual millisecond. A normal run takes fewer. */
const EVENTS_PER_MS = 100

function advance(
  cluster: SimulatedCluster,
  done: () => boolean,
  lastEvent: number,
  lastTime: Nanos,
): string | undefined {
  const eventsLeft = lastEvent - cluster.eventCount()
  const durationMs = nanosToMillis(nanos(lastTime - cluster.clock.now()))
  const end = cluster.run(done, { events: Math.min(EVENTS_AT_A_TIME, eventsLeft), durationMs: millis(durationMs) })
  if (end === 'done' || (end === 'too many events' && EVENTS_AT_A_TIME < eventsLeft)) return undefined
  return end
}

/**
 * A protocol floods if it takes more than `FLOOD_EVENTS`, plus `FLOOD_EVENTS_PER_OPERATION` for each operation, within
 * `FLOOD_NANOS` of virtual time. A normal protocol takes about thirty events per operation.
 */
const FLOOD_NANOS = 100e6
const FLOOD_EVENTS = 200_000
const FLOOD_EVENTS_PER_OPERATION = 1_000

function floodWatch(cluster: SimulatedCluster, rate: number): () => string | undefined {
  const most = FLOOD_EVENTS + FLOOD_EVENTS_PER_OPERATION * rate * (FLOOD_NANOS / 1e9)
  let since: number = cluster.clock.now()
  let before = cluster.eventCount()
  return () => {
    const now = cluster.clock.now()
    const events = cluster.eventCount() - before
    if (events > most)
      return `the run does not end: ${plural(events, 'event')} within ${Math.ceil((now - since) / 1e6)} ms of virtual time`
    if (now - since < FLOOD_NANOS) return undefined
    since = now
    before = cluster.eventCount()
    return undefined
  }
}

const brokenError = ({ name }: ProtocolDefinition, what: string, trace: readonly string[]): UserError =>
  environmentError([`${name} does not work: ${what}`, ...trace.map((frame) => `    ${frame}`)].join('\n'))

/** Rethrows an error that is not a `MachineError`. All errors except `MachineError` are bugs of this package. */
function unexpected(error: unknown): never {
  throw error
}
