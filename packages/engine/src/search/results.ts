import { dirname, join } from 'node:path'
import { openHistoryWriter } from '@chaosproxy/history/files'
import type { Scenario } from '@chaosproxy/runner'
import { causeOf, printReplay, type SeedFailure } from '@chaosproxy/simulator'
import { abandonedAfter, GRACE_MS } from '../jobs/interruption.ts'
import type { Pool } from '../jobs/job.ts'
import { digestOfFile, portableReference } from '../references/own-files.ts'
import { createRunDirectory, writeResult } from '../run-directory.ts'
import { searchedIn } from '../worlds/registry.ts'
import { subjectOf } from '../worlds/subject.ts'
import { minimiseJob } from './jobs.ts'
import { explain, playedSupervised, type ScenarioPlay, unpromisedLevel } from './show.ts'
import type { SearchOutcome, SearchSpec } from './spec.ts'
import { supervise } from './supervise.ts'

/** A cause of failure, with its minimised finding. */
export interface Result {
  readonly finding: SeedFailure
  /** The number of trials that failed for the same cause. */
  readonly times: number
  /** The replay of the finding. Undefined, like `files`, if it would never end or was interrupted. */
  readonly play: ScenarioPlay | undefined
  readonly files: { readonly replay: string; readonly history: string } | undefined
}

interface Ends {
  readonly interrupted: AbortSignal
  readonly abandon: AbortSignal
}

/** Returns one result per cause, in the order of discovery. */
export async function resultsOf(
  pool: Pool,
  spec: SearchSpec,
  { findings, times }: SearchOutcome,
  ends: Ends,
): Promise<readonly Result[]> {
  const byCause = new Map<string, SeedFailure[]>()
  for (const finding of findings) {
    const cause = causeOf(finding.failure)
    byCause.set(cause, [...(byCause.get(cause) ?? []), finding])
  }
  if (byCause.size === 0) return []
  const { path } = createRunDirectory(spec.out, `fuzz-${spec.name}`, new Date())
  return Promise.all(
    [...byCause].map(async ([cause, sameCause], i) => {
      const [finding] = sameCause as [SeedFailure]
      const file = join(path, fileName(cause, [...byCause.keys()].slice(0, i)))
      return {
        finding,
        times: Math.max(sameCause.length, times.get(cause) ?? 0),
        ...(await written(pool, spec, finding, file, ends)),
      }
    }),
  )
}

/** Returns a file name: the first words of the cause, with a number if they are not unique. */
function fileName(cause: string, before: readonly string[]): string {
  const wordsOf = (text: string) =>
    text
      .replace(/ at .*/, '')
      .replaceAll(/[^a-z0-9]+/gi, '-')
      .slice(0, 40)
  const same = before.filter((other) => wordsOf(other) === wordsOf(cause)).length
  return same === 0 ? wordsOf(cause) : `${wordsOf(cause)}-${same + 1}`
}

async function written(
  pool: Pool,
  spec: SearchSpec,
  finding: SeedFailure,
  file: string,
  ends: Ends,
): Promise<Pick<Result, 'play' | 'files'>> {
  const { failure } = finding
  if (failure.kind === 'broken' && failure.stuck === true) return { play: undefined, files: undefined }
  const invariants = spec.invariants && failure.kind !== 'violation'
  const scenario = await smallest(pool, spec, finding, ends)
  const play = { subject: spec.subject, scenario, invariants, follows: true }
  const played = await playedSupervised(pool, play, ends.abandon)
  const explained = played && explain(played)
  if (explained === undefined || (explained.failure?.kind === 'broken' && explained.failure.stuck === true))
    return { play: undefined, files: undefined }
  // If the replay fails differently, the original finding is reported.
  const sentence =
    explained.failure?.kind === failure.kind
      ? explained.sentence
      : finding.failure.kind === 'violation'
        ? finding.failure.sentence
        : finding.failure.what
  const files = { replay: `${file}.json`, history: `${file}.jsonl` }
  const { digest, events } = explained
  const found = `${causeOf(failure)}: ${sentence}`
  const source = digestOfFile(scenario.target)
  const node = searchedIn(scenario.target).node
  const level = unpromisedLevel(await subjectOf(spec.subject))
  writeResult(
    files.replay,
    printReplay({ scenario: portable(scenario, files.replay), found, level, digest, source, node, invariants }),
  )
  writeHistory(files.history, { events, header: explained.header })
  return { play: { ...explained, sentence }, files }
}

function portable(scenario: Scenario, file: string): Scenario {
  const [target, workload] = [scenario.target, scenario.workload].map((each) => portableReference(each, dirname(file)))
  return { ...scenario, target: target ?? scenario.target, workload: workload ?? scenario.workload }
}

/** Minimises a finding, unless its run never ends. In that case, each smaller run would also last until the limit. */
async function smallest(pool: Pool, spec: SearchSpec, finding: SeedFailure, ends: Ends): Promise<Scenario> {
  if (finding.failure.kind === 'broken' && finding.failure.endless === true) return finding.scenario
  const { subject, invariants, shrinkMs } = spec
  const task = { subject, finding, invariants, budgetMs: shrinkMs }
  const signal = abandonedAfter(ends.interrupted, shrinkMs + GRACE_MS)
  const end = await supervise(pool, minimiseJob, task, { signal })
  return (end.type === 'done' ? end.value : undefined) ?? finding.scenario
}

function writeHistory(path: string, { events, header }: Pick<ScenarioPlay, 'events' | 'header'>): void {
  const writer = openHistoryWriter(path, { header })
  writer.appendAll(events)
  writer.close()
}
