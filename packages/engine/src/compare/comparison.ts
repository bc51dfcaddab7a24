import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { ComparedSystem, Comparison } from '@chaosproxy/report'
import type { NamedPart, Registries, RunSpec } from '@chaosproxy/runner'
import { comparedLevels, isCut, outlasts, pacelcOf } from '@chaosproxy/runner/result'
import { combineRuns, faultMs, type MeasuredRun, networkNotes } from '@chaosproxy/scenarios'
import { doEach, doneOf, type Pool } from '../jobs/job.ts'
import { once } from '../jobs/once.ts'
import { thisThread } from '../jobs/this-thread.ts'
import { createThreadPool } from '../jobs/thread-pool.ts'
import type { Priority } from '../queue/board.ts'
import type { QueueEvent, QueueSettings } from '../queue/pool.ts'
import { type MeasuredCell, measureCell } from './cell.ts'
import { cellJob, titleOf } from './job.ts'
import type { ComparedTarget, ComparisonPlan, PlannedCell } from './plan.ts'

export interface ComparedRun {
  readonly system: ComparedTarget
  readonly cell: PlannedCell
  readonly spec: RunSpec
}

/** Progress of a comparison. */
export type CompareEvent =
  | {
      readonly type: 'running'
      /** The number of the run that begins, counted from 1. */
      readonly run: number
      readonly runs: number
      readonly system: string
      readonly condition: string
    }
  /** A problem that the environment of a run caused. */
  | { readonly type: 'trouble'; readonly trouble: string; readonly system: string; readonly condition: string }
  | QueueEvent

export interface CompareHooks {
  readonly listener?: ((event: CompareEvent) => void) | undefined
  /** When aborted, no further run begins; the measurements so far are compared. */
  readonly signal?: AbortSignal | undefined
  readonly again?: ((run: ComparedRun) => string) | undefined
  /** The Redis whose workers perform the runs. Only for simulated runs. */
  readonly queue?: string | undefined
  readonly priority?: Priority | undefined
}

type Followed = {
  readonly [hook in Exclude<keyof CompareHooks, 'queue' | 'priority'>]-?: NonNullable<CompareHooks[hook]>
}

/**
 * Performs all runs, unless interrupted, and combines their measurements. Includes a system only if it was also
 * measured without faults.
 */
export async function compareSystems(plan: ComparisonPlan, hooks: CompareHooks = {}): Promise<Comparison> {
  const { listener = () => {}, signal = new AbortController().signal, again = () => '' } = hooks
  const performer = plan.real ? performReally(signal, plan.registries) : await performSimulated(hooks, listener)
  try {
    return comparisonOf(plan, await measuredSystems(plan, performer, { listener, signal, again }))
  } finally {
    await performer.end()
  }
}

interface Performer {
  readonly width: number
  perform(spec: RunSpec): Promise<MeasuredCell | undefined>
  end(): Promise<void>
}

async function queuePool(
  queue: string,
  threads: Pool,
  settings: Pick<QueueSettings, 'listener' | 'priority'>,
): Promise<Pool> {
  const [{ openQueuePool }, { cellKind }] = await Promise.all([import('../queue/pool.ts'), import('./queue-kind.ts')])
  return openQueuePool(queue, threads, { ...settings, kinds: [cellKind] })
}

/** Performs runs in virtual time, one at a time per core. Of several equal runs, performs only one. */
async function performSimulated(
  { queue, priority, signal }: CompareHooks,
  listener: Followed['listener'],
): Promise<Performer> {
  const threads = createThreadPool('compare-worker', availableParallelism())
  // Loads the packages of the queue only if a queue is used, because they are not always installed.
  const pool = queue === undefined ? threads : await queuePool(queue, threads, { listener, priority })
  const { width, do: perform, close } = once(pool, { stop: queue === undefined ? undefined : signal })
  return {
    width,
    async perform(spec) {
      const end = await perform(cellJob, spec)
      return end.type === 'given up' ? undefined : doneOf(end, titleOf(spec))
    },
    end: close,
  }
}

/** Performs real runs one at a time, since they would compete for the machine. */
function performReally(interrupted: AbortSignal, registries: Registries): Performer {
  const job: typeof cellJob = { ...cellJob, run: ({ spec }) => measureCell(spec, { interrupted, registries }) }
  return {
    width: thisThread.width,
    perform: async (spec) => doneOf(await thisThread.do(job, spec), titleOf(spec)),
    end: thisThread.close,
  }
}

/** The measurements, and the number of runs. */
interface Measured {
  readonly systems: readonly ComparedSystem[]
  readonly done: number
  readonly runs: number
}

async function measuredSystems(
  plan: ComparisonPlan,
  performer: Performer,
  { listener, signal, again }: Followed,
): Promise<Measured> {
  const jobs: ComparedRun[] = plan.systems.flatMap((system) =>
    system.cells.flatMap((cell) =>
      cell.pairs.flatMap(({ main, sets }) =>
        (sets === undefined ? [main] : [main, sets]).map((spec) => ({ system, cell, spec })),
      ),
    ),
  )
  const measured = new Map<RunSpec, MeasuredRun>()
  function* left(): Generator<ComparedRun> {
    for (const [at, job] of jobs.entries()) {
      if (signal.aborted) return
      listener({ type: 'running', run: at + 1, runs: jobs.length, ...whereOf(job) })
      yield job
    }
  }
  await doEach(performer.width, left(), async (job) => {
    const result = await performer.perform(job.spec)
    if (result === undefined) return
    for (const trouble of result.trouble) listener({ type: 'trouble', trouble, ...whereOf(job) })
    measured.set(job.spec, { ...result, again: again(job) })
    // Interrupts are only noticed between runs.
    await setImmediate()
  })
  const systems = plan.systems.flatMap((system) => systemOf(plan, system, measured) ?? [])
  return { systems, done: measured.size, runs: jobs.length }
}

const whereOf = ({ system, cell }: ComparedRun) => ({ system: system.name, condition: cell.condition })

/**
 * Returns a system's measurements. Returns undefined if the measurement without faults is missing, because the others
 * are compared with it.
 */
function systemOf(
  { timeMs, timeoutMs }: ComparisonPlan,
  { name, value, curve, nodes, cells }: ComparedTarget,
  measured: ReadonlyMap<RunSpec, MeasuredRun>,
): ComparedSystem | undefined {
  const combined = cells.flatMap(({ condition, promised, pairs }) => {
    const [first, ...others] = pairs.flatMap(({ main, sets }) => {
      const [run, other] = [measured.get(main), sets && measured.get(sets)]
      // A pair counts only if all of its runs were measured. Its level is the weakest that its runs show, so one run
      // alone could show a level that is too strong.
      return run === undefined || (sets !== undefined && other === undefined) ? [] : { ...run, sets: other }
    })
    return first === undefined ? [] : combineRuns(condition, promised, [first, ...others])
  })
  if (combined[0]?.condition !== cells[0]?.condition) return undefined
  const isWhole = cells.every(({ pairs }) =>
    pairs.every(({ main, sets }) => measured.has(main) && (sets === undefined || measured.has(sets))),
  )
  const pacelc = isWhole ? pacelcOf(combined, { nodes, lastsMs: faultMs(timeMs), timeoutMs }) : undefined
  return { name, value, curve, pacelc, cells: combined }
}

function comparisonOf(plan: ComparisonPlan, { systems, done, runs }: Measured): Comparison {
  const { real, network, clients, rate, timeMs, timeoutMs, seeds, conditions, sweep } = plan
  const nodes = [...new Set(plan.systems.map((system) => system.nodes))].sort((a, b) => a - b)
  return {
    world: real ? 'real' : 'simulated',
    network,
    nodes,
    clients,
    rate,
    timeMs,
    timeoutMs,
    seeds,
    conditions,
    workload: plan.workload && workloadText(plan.workload),
    levels: levelsIn(systems),
    systems,
    sweep,
    interrupted: done < runs,
    notes: [
      ...(done < runs ? [`it was ended after ${done} of ${runs} runs: the results of the others are missing`] : []),
      ...networkNotes(network, nodes),
      ...shortCut(plan),
    ],
  }
}

const workloadText = ({ name = '', settings = {} }: NamedPart): string =>
  [name, ...Object.entries(settings).map(([setting, value]) => `${setting}=${value}`)].join(' ')

/** Returns the levels of the comparison, which are all of the same kind. */
function levelsIn(systems: readonly ComparedSystem[]): readonly string[] {
  const judged = systems.flatMap(({ cells }) => cells.flatMap(({ levels }) => Object.keys(levels)))
  return comparedLevels(judged).filter((level) => judged.includes(level))
}

function shortCut({ timeMs, timeoutMs, conditions }: ComparisonPlan): readonly string[] {
  if (!conditions.some((condition) => isCut({ condition })) || outlasts({ lastsMs: faultMs(timeMs), timeoutMs }))
    return []
  return [
    `the cuts last ${faultMs(timeMs)} ms, and clients wait ${timeoutMs} ms for an answer: answers may arrive after the cut, so they do not prove availability during a cut (PA). Give a longer --time.`,
  ]
}
