import {
  carryOut,
  createRunDirectory,
  EXIT,
  type FinishedRun,
  runSubjectOf,
  withPaths,
  writeResults,
  writeRunsPage,
} from '@chaosproxy/engine/run'
import { nameOfChoice } from '@chaosproxy/faults'
import { plural, usageError } from '@chaosproxy/history'
import { jsonOf } from '@chaosproxy/report'
import {
  completeRun,
  DEFAULT_TARGET,
  draftEntries,
  duration,
  memberText,
  nameIn,
  type PlannedRun,
  parseRunDraft,
  planRun,
  type RunDraft,
  type RunListener,
} from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import * as v from 'valibot'
import { againCommand } from '../run/again.ts'
import { tooShortText } from '../run/too-short.ts'
import { broughtTarget, broughtWorkload } from '../trust/brought.ts'
import { readNames, requireAllowed } from './own-names.ts'
import { summarizeResult, summaryMembers, summaryText } from './result-summary.ts'
import { anyObject, describedText, flag, text, texts, whole } from './schema.ts'
import type { McpSettings } from './settings.ts'
import type { Answer, CallContext, Tool } from './tool.ts'

/**
 * Clients cannot set `require`, which may run a command, or the waits, which may exceed the time allowed for a run.
 * `inputFor` declares `target` and `workload`.
 */
const { target: _, workload: __, require: ___, timeoutMs: ____, checkMs: _____, ...members } = draftEntries

const USUAL_MS = 20_000

const inputFor = ({ longestMs }: McpSettings) =>
  v.strictObject({
    target: v.optional(text(`name of the target, from the tool "list"; ${DEFAULT_TARGET} if left out`)),
    simulate: v.optional(flag('run in virtual time instead of on real processes; only for protocols')),
    bug: v.optional(text(memberText('target.bug'))),
    settings: v.optional(anyObject('settings of the target, by name')),
    workload: v.optional(text('name of the workload that clients run, from the tool "list"')),
    workloadSettings: v.optional(anyObject('settings of the workload, by name')),
    ...members,
    timeMs: v.optional(
      duration(`${memberText('timeMs')}, in milliseconds; ${USUAL_MS} or less if left out`, 100, longestMs),
    ),
    faults: v.optional(texts('kinds of faults, by names that the tool "list" gives; [] for none')),
  })

type Input = v.InferOutput<ReturnType<typeof inputFor>>

export const runTool: Tool = {
  name: 'run',
  title: 'Break a system under load',
  summary:
    'Starts a target, injects faults while clients use it, heals it, and judges which consistency levels it met. Returns the verdict, the contradiction in a sentence, the directory of the record and the command that repeats the run. One run at a time; with "simulate" it takes a moment and is repeatable to the byte.',
  effect: 'runs',
  input: inputFor,
  output: v.strictObject({
    ...summaryMembers,
    target: describedText('the target of the run'),
    faults: texts('what was injected'),
    directory: describedText('the directory of the run, which "check" and "explain" take'),
    report: describedText('the report for people, an HTML file'),
    reproduce: describedText('the command that repeats the run'),
    seed: whole('the seed that repeats the run'),
  }),
  async call(input: Input, context: CallContext) {
    if (isRunning) throw usageError('run: another run is under way. Wait for its result, or cancel it.')
    isRunning = true
    try {
      return await performed(input, context)
    } finally {
      isRunning = false
    }
  },
}

/** Concurrent runs would slow each other down and change verdicts. */
let isRunning = false

export const isRunUnderWay = (): boolean => isRunning

async function performed(input: Input, { settings, signal, progress }: CallContext): Promise<Answer> {
  const run = await planned(input, settings)
  const startedAt = new Date()
  const directory = createRunDirectory(settings.out, run.target.name, startedAt)
  const finished = await carryOut(run, {
    directory,
    startedAt,
    interrupted: signal,
    listener: reporting(run, progress),
    again: againCommand(run, directory.runJson, settings.config),
  })
  if (finished === undefined) throw usageError('run: cancelled before anything was recorded.')
  writeResults(finished)
  writeRunsPage(settings.out)
  return answerOf(finished, signal.aborted)
}

/** @throws UserError if the run is impossible. The message gives the reason and the possible choices. */
async function planned(input: Input, settings: McpSettings): Promise<PlannedRun> {
  const draft = draftOf(input, settings)
  const [target, workload] = [nameIn(draft.target) ?? '', nameIn(draft.workload) ?? '']
  requireAllowed('run', [...broughtTarget(target), ...broughtWorkload(workload)], settings)
  const { own, registries } = await readNames(settings)
  const seed = Math.floor(Math.random() * 10_000)
  const spec = await completeRun(withPaths(draft, own), registries, { where: 'run', seed })
  return planRun(spec, registries, 'run')
}

function draftOf(input: Input, { longestMs }: McpSettings): RunDraft {
  const { target = DEFAULT_TARGET, simulate, bug, settings, workload, workloadSettings, ...others } = input
  const isSimulated = simulate === true && !target.startsWith(SIMULATED)
  return parseRunDraft(
    {
      timeMs: Math.min(USUAL_MS, longestMs),
      ...others,
      target: { name: isSimulated ? `${SIMULATED}${target}` : target, bug, settings },
      ...(workload === undefined && workloadSettings === undefined
        ? {}
        : { workload: { name: workload, settings: workloadSettings } }),
    },
    'run',
  )
}

const EVERY_MS = 500

function reporting({ spec }: PlannedRun, progress: CallContext['progress']): RunListener {
  let reportedAt = Number.NEGATIVE_INFINITY
  return (event) => {
    if (event.type === 'checking')
      progress(spec.timeMs, spec.timeMs, `checking ${plural(event.operations, 'operation')}`)
    if (event.type !== 'status' || performance.now() - reportedAt < EVERY_MS) return
    reportedAt = performance.now()
    const { counts, elapsed, activeFaults } = event.progress
    const kinds = activeFaults.map(({ kind }) => kind).join(', ')
    const done = plural(counts.ok + counts.fail + counts.info, 'operation')
    progress(Math.min(elapsed / 1e6, spec.timeMs), spec.timeMs, `${done}${kinds === '' ? '' : `, in force: ${kinds}`}`)
  }
}

function answerOf(finished: FinishedRun, isCancelled: boolean): Answer {
  const { run, directory, again, judged } = finished
  const found = summarizeResult(jsonOf(runSubjectOf(finished)), isCancelled ? EXIT.interrupted : finished.exitCode)
  const tooShort = tooShortText(run)
  const data = {
    ...found,
    doubts: [...found.doubts, ...(tooShort === undefined ? [] : [tooShort])],
    target: run.spec.target.name,
    faults: run.spec.faults.map(nameOfChoice),
    seed: judged.summary.spec.seed,
    directory: directory.path,
    report: directory.report,
    reproduce: again,
  }
  return { data, text: `${summaryText(data)}\nDirectory: ${directory.path}\nReproduce: ${again}` }
}
