import type { InspectedAt, ReplayOutcome, ReplaySpec } from '@chaosproxy/engine'
import { inspectReplay, replay } from '@chaosproxy/engine'
import type { ExitCode } from '@chaosproxy/engine/run'
import { printable } from '@chaosproxy/report'
import { listenForInterrupts } from '../run/interrupts.ts'
import { print, printNotice } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { exitCodeOf, jsonOf, pageOf } from './outcome.ts'
import type { ReplaySettings } from './use.ts'

const INTERRUPTED = 'Interrupted: what was played until now is shown. Interrupt again to end at once.'

export async function execute(settings: ReplaySettings): Promise<ExitCode> {
  const outcome = settings.inspectPort === undefined ? await played(settings) : await inspected(settings)
  print(settings.json ? `${JSON.stringify(jsonOf(settings, outcome))}\n` : pageOf(settings, outcome))
  return exitCodeOf(outcome)
}

async function played(settings: ReplaySettings): Promise<ReplayOutcome> {
  const progress = await createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  try {
    return await replay(specOf(settings), {
      signal: interrupts.signal,
      listener: ({ play }) => progress.update(`playing ${play} of ${settings.times}`),
    })
  } finally {
    progress.stop()
    interrupts.release()
  }
}

/**
 * Plays the scenario without an interrupt handler, because a debugger would stop the handler together with this
 * process.
 */
const inspected = (settings: ReplaySettings): Promise<ReplayOutcome> =>
  inspectReplay(specOf(settings), settings.inspectPort ?? 0, {
    waiting: (at) => printNotice(`${attachText(at)}\n`),
  })

const specOf = ({ replay: { scenario, digest }, subject, real, times, invariants }: ReplaySettings): ReplaySpec => ({
  ...{ scenario, digest, subject, real, times, invariants },
})

function attachText({ url, race, culprit }: InspectedAt): string {
  const address = new URL(url).host
  return `Waiting for a debugger at ${address}: chrome://inspect in Chrome or Edge, "Attach to Node Process" in VS Code.
It stops in your code ${race === undefined ? beginningOf(culprit) : 'before and after the await that is overtaken'}. Time stands still meanwhile.${race === undefined ? '' : overtakenAwait(race)}`
}

const beginningOf = (culprit: InspectedAt['culprit']): string =>
  culprit === undefined
    ? 'as the first request begins'
    : `as the culprit's request begins: ${culprit.f}${culprit.key === undefined ? '' : ` ${culprit.key}`} of ${culprit.process}${culprit.node === undefined ? '' : `, on ${culprit.node}`}`

function overtakenAwait({ sentence, rows }: NonNullable<InspectedAt['race']>): string {
  const sql = rows.find(({ isOvertaken }) => isOvertaken)?.sql ?? []
  return ['', sentence, ...sql.map(printable)].join('\n  ')
}
