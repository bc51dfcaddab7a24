import { createRandom, type Fault, type NodeId, type Schedule } from '@chaosproxy/faults'
import { type Completion, type Input, type Millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import { EVEN_RANK, settingsFor, type Workload, type WorkloadClient, WRITING_RANK } from '@chaosproxy/workloads'
import { finishClient } from '../clients/client-loop.ts'
import { afterAll, FOLLOW_MS } from '../clients/driven-clients.ts'
import { type ClientProcess, startProcess } from '../clients/process.ts'
import { createRunRecorder, type RunRecorder } from '../clients/recorder.ts'
import { readFinally } from '../final-reads.ts'
import { startNemesisLoop } from '../nemesis/nemesis-loop.ts'
import type { Clock } from '../ports/cluster.ts'
import type { RunOptions } from '../ports/run-options.ts'
import type { Recovery } from '../ports/run-outcome.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import { keysOf, type PlannedFault, type PlannedOperation, type Scenario, scheduleOf } from './scenario.ts'

export interface PlayOptions extends Pick<RunOptions, 'cluster' | 'workload' | 'sink'> {
  readonly scenario: Scenario
  /**
   * Faults that replace the scenario's own. Their nodes and links may be selectors that are not resolved yet. Times
   * count from the start of the scenario.
   */
  readonly schedule?: Schedule | undefined
  /** Maximum time to wait after healing for the condition `until`. Afterwards, every node is read once more. */
  readonly quietMs: Millis
  /** See `readFinally`. */
  readonly until?: 'agreement' | 'service' | undefined
}

export interface Played {
  /** Time from the start until the last operation had ended and the last fault was healed. */
  readonly healedAt: Nanos
  /** The faults with their resolved nodes, links and times. Playing the scenario with these faults repeats it. */
  readonly faults: readonly PlannedFault[]
  readonly records: readonly FaultRecord[]
  /** Faults that could not be injected or healed, with the reasons. */
  readonly trouble: readonly string[]
  readonly recovery: Recovery
}

interface Playing {
  /** Injects an additional fault. The fault begins after the time `after` and lasts for `duration`. */
  disturb(fault: Fault, after: Nanos, duration: Nanos): void
  /** Whether everything except the final reads has ended. */
  isHealed(): boolean
  faults(): readonly PlannedFault[]
  /**
   * Returns the operations with their actual start times. A run of these operations starts each at its time, even if an
   * earlier one is still running.
   */
  operations(): readonly PlannedOperation[]
}

/**
 * Plays a scenario from its first operation to the final reads. The scenario's times count from the call of this
 * function.
 */
export function playScenario(options: PlayOptions, ended: (played: Played) => void): Playing {
  const { cluster, scenario, workload, sink, quietMs } = options
  const { clock } = cluster
  const { timeoutMs } = scenario
  const startedAt = clock.now()
  const since = () => nanos(clock.now() - startedAt)
  const recorder = createRunRecorder(sink, since)
  const schedule = options.schedule ?? scheduleOf(scenario)
  const lastClients = createLastClients({ cluster, scenario, workload })
  const nemesis = startNemesisLoop({ cluster, recorder, schedule, startedAt, random: createRandom(scenario.seed) })
  let waitingFor = 1
  let disturbances = 0
  let isHealed = false
  // The actual start times of all operations. Undefined as long as every operation has started at its planned time.
  let begunAt: Nanos[] | undefined
  const beginsLate = (place: number): void => {
    begunAt ??= scenario.operations.map(({ at }) => at)
    begunAt[place] = since()
  }

  for (const places of placesByClient(scenario.operations)) {
    waitingFor++
    const process = startProcess({ cluster, recorder, workload, timeoutMs, final: false })
    const { learned } = lastClients
    const { operations } = scenario
    playClient({ clock, process, workload, operations, places, startedAt, beginsLate, learned }, oneLess)
  }
  clock.at(nanos(startedAt + schedule.reduce((latest, { to }) => Math.max(latest, to), 0)), oneLess)

  function oneLess(): void {
    waitingFor--
    if (waitingFor > 0) return
    nemesis.stop((records, trouble) => {
      isHealed = true
      const healedAt = since()
      recorder.nemesis('healed', null)
      lastClients.finish(recorder, () => {
        const inputs = workload.finale(keysOf(scenario))
        const request = { inputs, otherwise: operationsOf(options), timeoutMs, quietMs, until: options.until }
        readFinally({ cluster, recorder, workload, ...request }, ({ recovery }) =>
          ended({ healedAt, faults: nemesis.injected(), records, trouble, recovery }),
        )
      })
    })
  }

  return {
    isHealed: () => isHealed,
    faults: nemesis.injected,
    operations: () => (begunAt === undefined ? scenario.operations : asBegun(scenario.operations, begunAt)),
    disturb(fault, after, duration) {
      if (waitingFor === 0) return
      disturbances++
      waitingFor++
      const from = nanos(since() + after)
      const to = nanos(from + duration)
      nemesis.add({ id: `disturbance-${disturbances}`, from, to, plan: fault })
      clock.at(nanos(startedAt + to), oneLess)
    },
  }
}

function operationsOf({ workload, scenario }: PlayOptions): () => Input {
  let client: WorkloadClient | undefined
  return () => {
    const { settings, operations, seed } = scenario
    client ??= workload.create(settings, operations.length).client(createRandom(`recovery ${seed}`), EVEN_RANK)
    return client.next()
  }
}

/** Returns the operations sorted by their actual time. The operations of one client keep their order. */
function asBegun(operations: readonly PlannedOperation[], begunAt: readonly Nanos[]): PlannedOperation[] {
  const latest = new Map<number, Nanos>()
  const begun = operations.map(({ client, node, input }, place) => {
    const at = nanos(Math.max(begunAt[place] ?? 0, latest.get(client) ?? 0))
    latest.set(client, at)
    return { at, client, node, input }
  })
  return begun.sort((one, other) => one.at - other.at)
}

function placesByClient(operations: readonly PlannedOperation[]): Iterable<readonly number[]> {
  const clients = new Map<number, number[]>()
  for (const [place, { client }] of operations.entries()) {
    const own = clients.get(client)
    if (own === undefined) clients.set(client, [place])
    else own.push(place)
  }
  return clients.values()
}

interface ClientOptions {
  readonly clock: Clock
  readonly process: ClientProcess
  readonly workload: Workload
  readonly operations: readonly PlannedOperation[]
  readonly places: readonly number[]
  readonly startedAt: Nanos
  readonly beginsLate: (place: number) => void
  readonly learned: LastClients['learned']
}

/**
 * Plays the operations of one client. Starts each operation at its planned time, but not before the previous operation
 * has ended.
 */
function playClient(options: ClientOptions, ended: () => void): void {
  const { clock, process, workload, operations, places, startedAt, beginsLate, learned } = options
  const follower = workload.follow?.()
  let position = 0
  let planned: PlannedOperation
  let input: Input

  function begin(): void {
    const place = places[position]
    const operation = place === undefined ? undefined : operations[place]
    if (place === undefined || operation === undefined) {
      process.close()
      ended()
      return
    }
    planned = operation
    const at = nanos(startedAt + planned.at)
    const now = clock.now()
    if (at < now) beginsLate(place)
    if (at <= now) invoke()
    else clock.at(at, invoke)
  }

  function invoke(): void {
    input = follower === undefined ? planned.input : follower.filledIn(planned.input)
    process.invoke(planned.node, input, completed)
  }

  function completed(completion: Completion): void {
    follower?.learned(input, completion)
    learned(planned.node, input, completion)
    position++
    begin()
  }

  begin()
}

/** Additional clients, one per node, for the operations that a workload requests after healing. */
interface LastClients {
  learned(node: NodeId, input: Input, completion: Completion): void
  /**
   * After all faults are healed, performs the operations that `after` of each client returns. Ends when no client
   * returns a further operation, or when `FOLLOW_MS` have passed.
   */
  finish(recorder: RunRecorder, finished: () => void): void
}

type LastClientsOptions = Pick<PlayOptions, 'cluster' | 'scenario' | 'workload'>

const NONE: LastClients = { learned: () => undefined, finish: (_, finished) => finished() }

/**
 * Creates an additional client for each node, because shrinking may have removed all operations of the scenario's own
 * clients.
 */
function createLastClients({ cluster, scenario, workload }: LastClientsOptions): LastClients {
  if (workload.asksAfterHealing !== true) return NONE
  const { operations, seed, timeoutMs } = scenario
  // A hand-written scenario may have no settings.
  const settings = { ...settingsFor(workload), ...scenario.settings }
  const random = createRandom(`after healing ${seed}`)
  const crew = workload.create(settings, operations.length)
  const clients = new Map(
    cluster.nodes.flatMap((node) => {
      const client = crew.client(random.fork(node), WRITING_RANK)
      return client.after === undefined ? [] : [[node, client] as const]
    }),
  )
  return {
    learned: (node, input, completion) => clients.get(node)?.learned?.(input, completion),
    finish(recorder, finished) {
      if (clients.size === 0) {
        finished()
        return
      }
      const { clock } = cluster
      const deadline = nanos(clock.now() + millisToNanos(FOLLOW_MS))
      const oneLess = afterAll(clients.size, finished)
      for (const [node, client] of clients) {
        const process = startProcess({ cluster, recorder, workload, timeoutMs })
        finishClient({ clock, process, client, pick: () => node }, deadline, oneLess)
      }
    },
  }
}
