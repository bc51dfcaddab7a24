import type { ReplayOutcome } from '@chaosproxy/engine'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import type { Json } from '@chaosproxy/history'
import { type ReplaySummary, renderReplay } from '@chaosproxy/report'
import { causeOf } from '@chaosproxy/simulator'
import { raceMembersOf, tellingOfFailure, titleOfFailure, traceMemberOf, traceOf } from '../fuzz/outcome.ts'
import { terminalOptions } from '../terminal/page-width.ts'
import { styleFor } from '../terminal/style.ts'
import type { ReplaySettings } from './use.ts'

/**
 * Returns the exit code. A single failing replay decides it. If none fails, doubts about the replay prevent success.
 */
export function exitCodeOf({ bestPlay, failures, interrupted, trouble, doubts }: ReplayOutcome): ExitCode {
  if (failures > 0) return bestPlay?.failure?.kind === 'broken' ? EXIT.environment : EXIT.violated
  if (interrupted) return EXIT.interrupted
  if (trouble.size > 0) return EXIT.environment
  return doubts.size > 0 ? EXIT.unknown : EXIT.met
}

export function jsonOf({ file, replay, changed, real }: ReplaySettings, outcome: ReplayOutcome): Json {
  const { plays, failures, same, doubts, trouble, bestPlay, interrupted } = outcome
  return {
    file,
    real,
    times: plays,
    failures,
    found: failures > 0,
    ...(bestPlay?.failure && { kind: bestPlay.failure.kind, cause: causeOf(bestPlay.failure) }),
    ...traceMemberOf(bestPlay?.failure),
    ...(bestPlay && { sentence: bestPlay.sentence, digest: bestPlay.digest }),
    ...raceMembersOf({ ...bestPlay }),
    vacuous: [...doubts.keys()],
    trouble: [...trouble.keys()],
    interrupted,
    ...(changed ? { changed } : {}),
    ...(replay.digest === undefined || real ? {} : { identical: same === plays }),
  }
}

export function pageOf(settings: ReplaySettings, outcome: ReplayOutcome): string {
  const { plays, doubts, trouble, bestPlay } = outcome
  const [title, mood] = titleOf(settings, outcome)
  return renderReplay(
    {
      title,
      mood,
      sentence: bestPlay?.sentence ?? 'The replay was interrupted before its end.',
      trace: traceOf(bestPlay?.failure),
      doubts: [...doubts, ...trouble].map(([text, times]) =>
        plays === 1 ? text : `${text} (${times} of ${plays} times)`,
      ),
      played: playedText(settings, outcome),
      steps: bestPlay?.steps ?? [],
      columns: bestPlay?.columns ?? [],
      race: bestPlay?.race,
      delays: bestPlay?.delays,
      telling: tellingOfFailure(bestPlay, settings.subject.bug) ?? tellingWithoutFailure(settings, outcome),
    },
    styleFor(),
    terminalOptions(),
  )
}

/**
 * If the code has changed and nothing failed, suggests a new search: in the changed code, events happen at other times.
 */
const tellingWithoutFailure = (
  { changed }: ReplaySettings,
  { plays, failures }: ReplayOutcome,
): ReplaySummary['telling'] =>
  changed && plays > 0 && failures === 0
    ? { what: '', answers: [['Next', 'Search again: in the changed code the same failure may need another seed.']] }
    : undefined

function titleOf(
  { subject }: ReplaySettings,
  outcome: ReplayOutcome,
): [title: string, mood: 'good' | 'bad' | 'unsure'] {
  const { bestPlay, doubts, trouble } = outcome
  if (bestPlay === undefined) return ['nothing was played', 'unsure']
  const { failure, undecided } = bestPlay
  if (failure !== undefined) return [titleOfFailure(failure, subject.target), 'bad']
  if (undecided) return [`unknown whether ${subject.level}`, 'unsure']
  return doubts.size + trouble.size > 0
    ? ['nothing went wrong, but little was proved', 'unsure']
    : ['nothing went wrong', 'good']
}

function playedText({ replay, times, real, changed }: ReplaySettings, outcome: ReplayOutcome): string {
  const { plays, failures, same, interrupted } = outcome
  const stopped = interrupted ? `interrupted after ${plays} of ${times} times, ` : ''
  const often = `${stopped}${times === 1 ? '' : `went wrong ${failures} of ${plays} times, `}`
  if (real) return `${often}on real processes: the same operations and faults, not the same interleaving`
  if (replay.digest === undefined || plays === 0) return `${often}in the simulator`
  return same === plays
    ? `${often}in the simulator: the same history as was recorded, to the byte`
    : `${often}in the simulator, but the history DIFFERS from the recorded one (${whyOther(replay.node, changed)})`
}

/** Returns why a replay differs. Programs may depend on the version of Node, because its errors and headers change. */
function whyOther(node: string | undefined, changed: boolean): string {
  const by = node === undefined ? 'protocol' : 'program'
  if (changed) return `the ${by} has changed since the recording`
  if (node === undefined || node === process.version) return `the file or the ${by} has changed since the recording`
  return `it was recorded on Node ${node}, and this is ${process.version}: either the program runs differently here, or the file has changed since the recording`
}
