import { dirname, join } from 'node:path'
import { openHistoryWriter } from '@chaosproxy/history/files'
import type { Scenario } from '@chaosproxy/runner'
import { causeOf, type Finding, printReplay } from '@chaosproxy/simulator'
import type { Tinypool } from 'tinypool'
import { digestOfFile, portableReference } from '../replay/own-files.ts'
import { createRunDirectory, writeResult } from '../run/directory.ts'
import { afterInterrupt, GRACE_MS, type Interrupts } from '../run/interrupts.ts'
import type { SearchOutcome } from './search.ts'
import type { FuzzSettings } from './settings.ts'
import { type Shown, showSupervised } from './show.ts'
import { supervise } from './supervise.ts'
import type { MinimiseTask } from './worker.ts'

/** One cause of failure: shrunk, written to files, and ready to show. */
export interface Result {
  readonly finding: Finding
  /** How many trials failed for the same cause. */
  readonly times: number
  /** Absent, like its files, if a replay would never end or was interrupted. */
  readonly shown: Shown | undefined
  readonly files: { readonly replay: string; readonly history: string } | undefined
}

/** One result for each cause, in the order they were found. */
export async function resultsOf(
  pool: Tinypool,
  settings: FuzzSettings,
  { findings }: SearchOutcome,
  interrupts: Interrupts,
): Promise<readonly Result[]> {
  const byCause = new Map<string, Finding[]>()
  for (const finding of findings) {
    const cause = causeOf(finding.failure)
    byCause.set(cause, [...(byCause.get(cause) ?? []), finding])
  }
  if (byCause.size === 0) return []
  const { path } = createRunDirectory(settings.out, `fuzz-${settings.name}`, new Date())
  return Promise.all(
    [...byCause].map(async ([cause, sameCause], i) => {
      const [finding] = sameCause as [Finding]
      const file = join(path, fileName(cause, [...byCause.keys()].slice(0, i)))
      return { finding, times: sameCause.length, ...(await written(pool, settings, finding, file, interrupts)) }
    }),
  )
}

/** The first words of the cause, with a number if another cause has the same. */
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
  pool: Tinypool,
  settings: FuzzSettings,
  finding: Finding,
  file: string,
  interrupts: Interrupts,
): Promise<Pick<Result, 'shown' | 'files'>> {
  const { failure } = finding
  if (failure.kind === 'broken' && failure.stuck === true) return { shown: undefined, files: undefined }
  const invariants = settings.invariants && failure.kind !== 'violation'
  const scenario = await smallest(pool, settings, finding, interrupts)
  const shown = await showSupervised(pool, settings.subject, scenario, invariants, afterInterrupt(interrupts, GRACE_MS))
  if (shown === undefined || (shown.failure?.kind === 'broken' && shown.failure.stuck === true))
    return { shown: undefined, files: undefined }
  // If the replay passes or fails in another way, report the original finding.
  const sentence = shown.failure?.kind === failure.kind ? shown.sentence : sentenceOf(finding)
  const files = { replay: `${file}.json`, history: `${file}.jsonl` }
  const { digest, events } = shown
  const found = `${causeOf(failure)}: ${sentence}`
  const source = digestOfFile(scenario.target)
  writeResult(
    files.replay,
    printReplay({ scenario: portable(scenario, files.replay), found, digest, source, invariants }),
  )
  writeHistory(files.history, { events, header: shown.header })
  return { shown: { ...shown, sentence }, files }
}

function portable(scenario: Scenario, file: string): Scenario {
  const [target, workload] = [scenario.target, scenario.workload].map((each) => portableReference(each, dirname(file)))
  return { ...scenario, target: target ?? scenario.target, workload: workload ?? scenario.workload }
}

/** A run that does not end is not shrunk: each smaller one would have to run up to the limit as well. */
async function smallest(
  pool: Tinypool,
  settings: FuzzSettings,
  finding: Finding,
  interrupts: Interrupts,
): Promise<Scenario> {
  if (finding.failure.kind === 'broken' && finding.failure.endless === true) return finding.scenario
  const { subject, invariants, shrinkMs } = settings
  const task: MinimiseTask = { subject, finding, invariants, budgetMs: shrinkMs }
  const end = await supervise<Scenario | undefined>(
    pool,
    'minimiseFinding',
    task,
    afterInterrupt(interrupts, shrinkMs + GRACE_MS),
  )
  return (end.type === 'done' ? end.value : undefined) ?? finding.scenario
}

const sentenceOf = ({ failure }: Finding): string => (failure.kind === 'violation' ? failure.sentence : failure.what)

function writeHistory(path: string, { events, header }: Pick<Shown, 'events' | 'header'>): void {
  const writer = openHistoryWriter(path, { header })
  writer.appendAll(events)
  writer.close()
}
