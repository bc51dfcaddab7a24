import { type Event, UserError } from '@chaosproxy/history'
import {
  outsidePromises,
  type Service,
  serviceName,
  serviceSuffers,
  type TurnWatch,
  USUAL_NODES,
} from '@chaosproxy/node-simulator'
import { type PlannedRun, protocolTarget, type RunOutcome, runOptionsOf, type Target } from '@chaosproxy/runner'
import { beginSimulation, SIMULATED, type SimulatedCluster } from '@chaosproxy/simulator'
import type { Simulated } from '../jobs/simulated-run.ts'
import { startsOf } from '../search/service-subject.ts'

/** A service in virtual time. Its runs are performed on a thread, by `simulateService`. */
export function simulatedServiceTarget({ spec, definition }: Service): Target {
  const { summary, bugs, marks, functions, promises } = protocolTarget(definition)
  const name = serviceName(spec)
  return {
    ...{ summary, bugs, marks, functions, promises, settings: [] },
    name: `${SIMULATED}${name}`,
    defaultNodes: spec.nodes ?? USUAL_NODES,
    tier: 'simulated',
    mapping: 'routes',
    suffers: serviceSuffers,
    async start() {
      throw new UserError(
        'usage',
        `${name}: here a service runs as processes only; chaos run --sim and chaos simulate run it in virtual time.`,
      )
    },
  }
}

/** Interrupts are only noticed between so many events. */
const EVENTS_AT_A_TIME = 2_000

/**
 * A whole run of a service's programs, synchronous as they need it.
 *
 * @throws UserError (input) for a program that cannot be simulated, or never listens.
 */
export function simulateService(
  service: Service,
  run: PlannedRun,
  { turns, isInterrupted }: { readonly turns: TurnWatch; readonly isInterrupted: () => boolean },
): Promise<Simulated> {
  const { spec, workload, workloadSettings: settings } = run
  const events: Event[] = []
  const sink = { append: (event: Event) => void events.push(event) }
  return outsidePromises(() => {
    const { start } = startsOf(service, { workload, settings }, { turns })
    const cluster = start({ nodes: spec.nodes, seed: spec.seed, knobs: {} })
    try {
      const simulation = beginSimulation(cluster, runOptionsOf(run, { sink }))
      let interrupted = false
      for (;;) {
        const ended = simulation.advance(EVENTS_AT_A_TIME)
        if (ended?.type === 'ended') return { events, outcome: withDeaths(ended.outcome, cluster) }
        if (ended !== undefined)
          return {
            events,
            failure: `${serviceName(service.spec)}: the simulation was stopped (${ended.reason}) before the run had ended.`,
          }
        if (interrupted || !isInterrupted()) continue
        interrupted = true
        simulation.handle.interrupt()
      }
    } finally {
      cluster.close?.()
    }
  })
}

/** A program that ended by itself is trouble, as a process that does is. */
function withDeaths(outcome: RunOutcome, cluster: SimulatedCluster): RunOutcome {
  const broken = cluster.broken?.()
  if (broken === undefined) return outcome
  return { ...outcome, trouble: [...outcome.trouble, `${broken.node}: ${broken.what} (${broken.name})`] }
}
