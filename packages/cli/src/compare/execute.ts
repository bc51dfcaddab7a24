import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import {
  type ComparedSystem,
  type Comparison,
  isCut,
  outlasts,
  pacelcOf,
  renderComparisonHtml,
} from '@chaosproxy/report'
import type { Registries, RunSpec } from '@chaosproxy/runner'
import { combineRuns, faultMs, type MeasuredRun, networkNotes } from '@chaosproxy/scenarios'
import { Tinypool } from 'tinypool'
import { builtFile } from '../built-file.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { partOf, stdoutScreen } from '../reporting/part.ts'
import { createReporting } from '../reporting/reporting.ts'
import { type Interrupts, listenForInterrupts } from '../run/interrupts.ts'
import { commandLine } from '../terminal/command-line.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { writeWholeFile } from '../terminal/whole-file.ts'
import { packageVersion } from '../version.ts'
import { type MeasuredCell, measureCell } from './cell.ts'
import type { ComparedTarget, CompareSettings, PlannedCell } from './settings.ts'

/** Performs every run, and shows what they measured. */
export async function executeCompare(settings: CompareSettings): Promise<ExitCode> {
  const own = await loadOwnReporters(settings.reporters)
  const startedAt = performance.now()
  const progress = await createProgress({ quiet: isSilent(settings.reporters) })
  const interrupts = listenForInterrupts('Interrupted: no further runs are begun.')
  const performer = settings.real ? performReally(interrupts, settings.registries) : performSimulated()
  try {
    const systems = await measuredSystems(settings, performer, interrupts, progress)
    progress.stop()
    if (systems === undefined) return EXIT.interrupted
    const comparison = comparisonOf(settings, systems)
    if (settings.html !== undefined) writePage(settings.html, comparison)
    const exitCode = exitCodeOf(comparison)
    const elapsedMs = performance.now() - startedAt
    const screen = stdoutScreen()
    const reporting = createReporting(settings.reporters, screen, own)
    reporting.add(partOf({ kind: 'comparison', comparison, elapsedMs, exitCode }, settings.reporters, screen))
    return reporting.finish(exitCode)
  } finally {
    progress.stop()
    interrupts.release()
    await performer.end()
  }
}

function writePage(file: string, comparison: Comparison): void {
  try {
    writeWholeFile(file, renderComparisonHtml(comparison, packageVersion()))
  } catch (error) {
    throw new UserError('environment', `--html ${file}: ${whyUnwritable(error)}`)
  }
}

interface Performer {
  /** How many runs it can perform at a time. */
  readonly width: number
  perform(spec: RunSpec): Promise<MeasuredCell | undefined>
  end(): Promise<void>
}

/** Runs in virtual time do not disturb one another: as many at a time as there are cores. */
function performSimulated(): Performer {
  const width = availableParallelism()
  const pool = new Tinypool({
    filename: builtFile('compare-worker'),
    execArgv: [],
    minThreads: width,
    maxThreads: width,
  })
  return { width, perform: (spec) => pool.run({ spec }, { name: 'cell' }), end: () => pool.destroy() }
}

/** Real runs would compete for the machine. */
function performReally(interrupts: Interrupts, registries: Registries): Performer {
  const interrupting = new AbortController()
  interrupts.onInterrupt(() => interrupting.abort())
  return {
    width: 1,
    perform: (spec) => measureCell(spec, { interrupted: interrupting.signal, registries }),
    end: async () => {},
  }
}

interface Job {
  readonly system: ComparedTarget
  readonly cell: PlannedCell
  readonly spec: RunSpec
}

/** Undefined if interrupted. */
async function measuredSystems(
  settings: CompareSettings,
  performer: Performer,
  interrupts: Interrupts,
  progress: ProgressDisplay,
): Promise<readonly ComparedSystem[] | undefined> {
  const jobs: Job[] = settings.systems.flatMap((system) =>
    system.cells.flatMap((cell) =>
      cell.pairs.flatMap(({ registers, sets }) =>
        (sets === undefined ? [registers] : [registers, sets]).map((spec) => ({ system, cell, spec })),
      ),
    ),
  )
  const measured = new Map<RunSpec, MeasuredRun>()
  const left = [...jobs]
  const work = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined && !interrupts.interrupted(); job = left.shift()) {
      progress.update(
        `run ${jobs.length - left.length} of ${jobs.length}: ${job.system.name} under ${job.cell.condition}`,
      )
      const result = await performer.perform(job.spec)
      if (result === undefined) return
      for (const trouble of result.trouble) progress.warn(`${job.system.name} under ${job.cell.condition}: ${trouble}`)
      measured.set(job.spec, { ...result, again: againCommand(settings, job) })
      // Interrupts are only noticed between runs.
      await setImmediate()
    }
  }
  await Promise.all(Array.from({ length: performer.width }, work))
  if (measured.size < jobs.length) return undefined
  return settings.systems.map((system) => systemOf(settings, system, measured))
}

function systemOf(
  { timeMs, timeoutMs }: CompareSettings,
  { name, value, curve, nodes, cells }: ComparedTarget,
  measured: ReadonlyMap<RunSpec, MeasuredRun>,
): ComparedSystem {
  const combined = cells.map(({ condition, promised, pairs }) => {
    const [first, ...others] = pairs.flatMap(({ registers, sets }) => {
      const run = measured.get(registers)
      return run === undefined ? [] : { ...run, sets: sets && measured.get(sets) }
    })
    if (first === undefined) throw new Error('every run has been measured')
    return combineRuns(condition, promised, [first, ...others])
  })
  const pacelc = pacelcOf(combined, { nodes, lastsMs: faultMs(timeMs), timeoutMs })
  return { name, value, curve, pacelc, cells: combined }
}

/** One run by itself: the same command for one system, fault and seed. */
function againCommand(settings: CompareSettings, { system, cell, spec }: Job): string {
  const faults = cell.condition === 'calm' ? 'none' : cell.condition
  return commandLine([
    ...[
      'npx',
      'chaos',
      'compare',
      '--targets',
      system.typed,
      '--faults',
      faults,
      '--seeds',
      '1',
      '--seed',
      String(spec.seed),
    ],
    ...['--time', `${settings.timeMs}ms`, '--rate', String(settings.rate), '--clients', String(settings.clients)],
    ...['--nodes', String(system.nodes), '--timeout', `${settings.timeoutMs}ms`],
    ...(settings.network === 'local' ? [] : ['--network', settings.network]),
    ...(settings.real ? ['--real'] : []),
    ...(settings.configFile === undefined ? [] : ['--config', settings.configFile]),
  ])
}

function comparisonOf(settings: CompareSettings, systems: readonly ComparedSystem[]): Comparison {
  const { real, network, clients, rate, timeMs, timeoutMs, seeds, conditions, sweep } = settings
  const nodes = [...new Set(settings.systems.map((system) => system.nodes))].sort((a, b) => a - b)
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
    systems,
    sweep,
    notes: [...networkNotes(network, nodes), ...shortCut(settings)],
  }
}

function shortCut({ timeMs, timeoutMs, conditions }: CompareSettings): readonly string[] {
  if (!conditions.some((condition) => isCut({ condition })) || outlasts({ lastsMs: faultMs(timeMs), timeoutMs }))
    return []
  return [
    `the cuts last ${faultMs(timeMs)} ms, and clients wait ${timeoutMs} ms for an answer: who answers after a cut counts as available, so PA is not told. A longer --time would show it.`,
  ]
}

/** A comparison finds what there is; only a broken promise is news. */
function exitCodeOf({ systems }: Comparison): ExitCode {
  const kept = systems.flatMap(({ cells }) => cells.map((cell) => cell.kept))
  if (kept.includes(false)) return EXIT.violated
  return kept.includes('unknown') ? EXIT.unknown : EXIT.met
}
