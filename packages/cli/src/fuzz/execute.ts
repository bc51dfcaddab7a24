import { doubtsOf, type Result, type SearchEvent, type SearchOutcome, searchAndShrink } from '@chaosproxy/engine'
import { EXIT, type ExitCode, makeOutDirectory, packageVersion } from '@chaosproxy/engine/run'
import { duration, plural, rate } from '@chaosproxy/history'
import { causeOf, NO_LEVEL } from '@chaosproxy/simulator'
import { showQueue } from '../arguments/queue.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { reportOne } from '../reporting/reporting.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { printTitle } from '../terminal/fitted.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { printCampaigns } from './campaigns.ts'
import { assertionsOf, isolationOf, subjectOf, subjectText, takenText } from './outcome.ts'
import type { CampaignsRequest, FuzzSettings } from './use.ts'

const INTERRUPTED = 'Interrupted: shrinking the failures found. Interrupt again to end at once.'

export const execute = (settings: FuzzSettings | CampaignsRequest): Promise<ExitCode> =>
  'campaignsOf' in settings ? printCampaigns(settings.campaignsOf) : searchAndReport(settings)

async function searchAndReport(settings: FuzzSettings): Promise<ExitCode> {
  const { search, reporters } = settings
  makeOutDirectory(search.out)
  const own = await loadOwnReporters(reporters)
  const progress = await createProgress({ quiet: isSilent(reporters), verbose: settings.verbose })
  const interrupts = listenForInterrupts(INTERRUPTED)
  try {
    if (!isSilent(reporters)) printTitle(titleOf(settings))
    const end = await searchAndShrink(search, {
      signal: interrupts.signal,
      queue: settings.queue,
      priority: settings.priority,
      campaign: settings.campaign,
      listener: (event) => show(event, progress),
    })
    progress.stop()
    const exitCode = exitCodeOf(end.outcome, end.results, interrupts.signal.aborted)
    return await reportOne(subjectOf(settings, end, exitCode), reporters, own)
  } finally {
    progress.stop()
    interrupts.release()
  }
}

function show(event: SearchEvent, progress: ProgressDisplay): void {
  switch (event.type) {
    case 'progress':
      progress.update(progressText(event))
      break
    case 'continued':
      progress.warn(continuedText(event))
      break
    case 'guiding':
      progress.update(`seed ${event.seed} broke an invariant: searching for a violation that a client can observe`)
      break
    case 'shrinking':
      noteDetails(progress, event.outcome)
      progress.update('shrinking the failures found')
      break
    case 'written':
      progress.note(`written: ${event.replay}, ${event.history}`)
      break
    default:
      showQueue(event, progress)
  }
}

function noteDetails({ note }: ProgressDisplay, { trials, steps, tried, findings }: SearchOutcome): void {
  note(`${plural(trials, 'trial')} of ${plural(steps, 'step')} altogether`)
  for (const [strategy, { trials: some, found }] of Object.entries(tried))
    note(`${strategy}: ${plural(some, 'trial')}, ${found} found`)
  for (const { seed, strategy, failure } of findings) note(`seed ${seed}, ${strategy}: ${causeOf(failure)}`)
}

function exitCodeOf(outcome: SearchOutcome, results: readonly Result[], interrupted: boolean): ExitCode {
  if (results.some(({ finding }) => finding.failure.kind !== 'broken')) return EXIT.violated
  if (results.length > 0) return EXIT.environment
  if (interrupted) return EXIT.interrupted
  return doubtsOf(outcome).length > 0 ? EXIT.unknown : EXIT.met
}

function progressText({
  trials,
  causes,
  elapsedMs,
  leftMs,
}: Extract<SearchEvent, { readonly type: 'progress' }>): string {
  const speed = elapsedMs < 1_000 ? '' : `, ${rate((trials * 1_000) / elapsedMs)}/s`
  const left = leftMs === undefined || leftMs < LONG_MS ? '' : `, ${duration(leftMs * 1e6)} left`
  return `${plural(trials, 'trial')} so far${speed}${left}, ${causes === 0 ? 'nothing found yet' : `${causes} found`}`
}

function continuedText({
  campaign,
  trials,
  causes,
  elapsedMs,
  isOver,
}: Extract<SearchEvent, { readonly type: 'continued' }>): string {
  const known = `${plural(trials, 'trial')} were run before, in ${duration(elapsedMs * 1e6)}: ${causes === 0 ? 'nothing found yet' : `${causes} found`}`
  return `The campaign ${campaign} ${isOver ? 'is over' : 'goes on'}. ${known}`
}

const LONG_MS = 10_000

function heldTo({ search }: FuzzSettings): string {
  const { level } = search.subject
  const isolation = isolationOf(search)
  const asserted = assertionsOf(search)
  const also = [
    ...(asserted === 0 ? [] : [`${plural(asserted, 'assertion')} in SQL`]),
    ...(isolation === undefined || isolation === NO_LEVEL ? [] : [`its transactions in SQL to ${isolation}`]),
  ]
  const first = level !== NO_LEVEL ? level : also.length === 0 ? 'its invariants alone' : 'its invariants'
  return [first, ...also].join(', ')
}

function titleOf(settings: FuzzSettings): string {
  const { strategies, workers, firstSeed, limit } = settings.search
  const length = 'seeds' in limit ? plural(limit.seeds, 'seed') : `${limit.timeMs / 1000} s`
  const taken = takenText(settings)
  return [
    `chaos ${packageVersion()}   searching ${subjectText(settings.search)}`,
    ...(taken === '' ? [] : [taken]),
    `held to ${heldTo(settings)}`,
    `${length} from seed ${firstSeed}`,
    settings.queue === undefined ? plural(workers, 'thread') : 'workers of a queue',
    `strategies: ${[...new Set(strategies)].join(', ')}`,
  ].join(' · ')
}
