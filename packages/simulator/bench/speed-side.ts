import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type { Millis } from '@chaosproxy/history'

// speed-pairs.ts compares two checkouts. This program runs the simulator of one of them.

/**
 * A request for trials of Raft. Their seeds follow those of the last turn with the same numbers of operations and
 * nodes.
 */
export interface BenchTurn {
  readonly operations: number
  readonly nodes: number
  readonly trials: number
  /** By name. */
  readonly strategies: readonly string[]
}

/** The first message of a side: it is ready for its first turn. */
export interface Ready {
  /** The names of the checkout's strategies. */
  readonly strategies: readonly string[]
}

/** The processor seconds that a turn took. */
export interface Taken {
  readonly seconds: number
}

const root = process.argv[2] ?? '.'

/**
 * Loads a package of the checkout. In an old commit, its members may be missing or have other names, so this file uses
 * only members that have always existed.
 */
const load = (name: string): Promise<unknown> =>
  import(pathToFileURL(join(root, 'packages', name, 'dist', 'index.js')).href)
const { planTrial, runPlan, strategies } = (await load('simulator')) as typeof import('@chaosproxy/simulator')
const { findProtocol } = (await load('protocols')) as typeof import('@chaosproxy/protocols')
const workload = await (load('workloads') as Promise<typeof import('@chaosproxy/workloads')>).then(
  ({ register }) => register,
  // Old commits have no workloads, and need none.
  () => undefined,
)

const protocol = findProtocol('raft')
const seeds = new Map<string, number>()
/**
 * The subjects, by numbers of operations and nodes. Turns of the benchmark (see `BenchTurn`) with the same numbers
 * share one subject object, because a search measures the durations of the protocol anew for each object.
 */
const subjects = new Map<string, Parameters<typeof planTrial>[0]>()
/** The limits of a trial. `checkMs` is only for the simulators of old commits, which limit the time of a check. */
const limits = { ...{ checkMs: 5_000, memoryBytes: 2 ** 28, invariants: true }, now: () => performance.now() as Millis }

const subjectOf = ({ operations, nodes }: BenchTurn): Parameters<typeof planTrial>[0] =>
  ({
    ...{ target: 'raft', protocol, bug: undefined, workload, settings: {}, level: 'linearizable' },
    // Old commits call the target's settings `knobs`.
    ...{ targetSettings: {}, knobs: {}, nodes, operations },
  }) as Parameters<typeof planTrial>[0]

process.on('message', (turn: BenchTurn) => {
  const name = `${turn.operations} ${turn.nodes}`
  const subject = subjects.get(name) ?? subjectOf(turn)
  subjects.set(name, subject)
  const chosen = strategies.filter((strategy) => turn.strategies.includes(strategy.name))
  const first = seeds.get(name) ?? 1
  const before = process.cpuUsage()
  for (let seed = first; seed < first + turn.trials; seed++) {
    const strategy = chosen[seed % chosen.length]
    if (strategy === undefined) throw new RangeError('there is no strategy')
    const { failure } = runPlan(subject, planTrial(subject, strategy, seed), limits)
    if (failure !== undefined) throw new Error(`${root}, seed ${seed}: ${JSON.stringify(failure)}`)
  }
  const { user, system } = process.cpuUsage(before)
  seeds.set(name, first + turn.trials)
  process.send?.({ seconds: (user + system) / 1e6 } satisfies Taken)
})
process.on('disconnect', () => process.exit())
process.send?.({ strategies: strategies.map(({ name }) => name) } satisfies Ready)
