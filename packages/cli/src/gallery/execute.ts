import { resolve } from 'node:path'
import { EXIT, type ExitCode, packageVersion } from '@chaosproxy/engine/run'
import { environmentError, type Json } from '@chaosproxy/history'
import {
  type ExhibitResult,
  exhibitLines,
  exhibitOutcome,
  galleryMarkdown,
  gallerySummary,
  renderGalleryHtml,
  systemOf,
} from '@chaosproxy/report/gallery'
import { RESULT_FORM } from '@chaosproxy/runner/result'
import { type Exhibit, gallery } from '@chaosproxy/scenarios'
import { namesOf } from '../arguments/names.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { fitted } from '../terminal/fitted.ts'
import { type Listed, listing } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { writeNamed } from '../terminal/overwriting.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor } from '../terminal/style.ts'
import { keptExhibits } from './kept.ts'
import { exhibitResult, lackedBy, runExhibit, untried } from './run-exhibits.ts'
import { leftInWords, type Ran, secondsLeft } from './time-left.ts'
import type { GalleryRun, GallerySettings } from './use.ts'

export async function execute(settings: GallerySettings): Promise<ExitCode> {
  const { json } = settings
  if (settings.action === 'list') {
    print(json ? jsonLines(gallery) : fitted(`${listLines().join('\n')}\n`))
    return EXIT.met
  }
  if (settings.action === 'show') {
    const { exhibits } = settings
    print(json ? jsonLines(exhibits) : fitted(`${exhibits.map(exhibitText).join('\n')}\n`))
    return EXIT.met
  }
  return run(settings, json)
}

async function run(settings: GalleryRun, json: boolean): Promise<ExitCode> {
  const { exhibits, isAll, seeds, seed, out, html, markdown } = settings
  const lacking = await lackingOf(exhibits)
  if (!isAll) refuseWhatLacks(lacking)
  const interrupts = listenForInterrupts('Interrupted: the trial that runs is ended.')
  const progress = await createProgress({ quiet: false })
  const results: ExhibitResult[] = []
  const ran: Ran[] = []
  const kept = json ? [] : keptExhibits()
  const runnable = namesOf(exhibits).filter((name) => !lacking.has(name))
  try {
    for (const exhibit of exhibits) {
      const { signal } = interrupts
      const lacks = lacking.get(exhibit.name)
      const startedAt = performance.now()
      const took = (): number => (performance.now() - startedAt) / 1000
      const left = secondsLeft(ran, runnable.slice(ran.length), kept)
      const began = (what: string): void =>
        progress.update(what, left === undefined ? undefined : leftInWords(left - took()))
      const trials = { seeds, seed, out: resolve(out), signal, began }
      const each = lacks === undefined ? await runExhibit(exhibit, trials) : untried(exhibit, lacks)
      if (signal.aborted) return EXIT.interrupted
      if (lacks === undefined) ran.push({ name: exhibit.name, seconds: took() })
      results.push(each)
      progress.stop()
      if (!json) print(fitted(`${exhibitLines(each).join('\n')}\n`))
    }
  } finally {
    progress.stop()
    interrupts.release()
  }
  const exitCode = exitCodeOf(results)
  if (json) print(`${JSON.stringify(resultJson(results))}\n`)
  else print(`\n  ${gallerySummary(results)}\n`)
  if (html !== undefined) writeNamed(html, renderGalleryHtml(results, packageVersion()), `--html ${html}`)
  if (markdown !== undefined) writeNamed(markdown, galleryMarkdown(results), `--markdown ${markdown}`)
  return exitCode
}

async function lackingOf(exhibits: readonly Exhibit[]): Promise<ReadonlyMap<string, string>> {
  const lacking = new Map<string, string>()
  for (const exhibit of exhibits) {
    const lacks = await lackedBy(exhibit)
    if (lacks !== undefined) lacking.set(exhibit.name, lacks)
  }
  return lacking
}

/** @throws UserError (environment) if a named exhibit cannot run on this machine. */
function refuseWhatLacks(lacking: ReadonlyMap<string, string>): void {
  for (const [name, lacks] of lacking) throw environmentError(`chaos gallery run ${name}: ${lacks}.`)
}

function exitCodeOf(results: readonly ExhibitResult[]): ExitCode {
  const outcomes = results.map(exhibitOutcome)
  if (outcomes.includes('not as described')) return EXIT.violated
  return outcomes.includes('skipped') ? EXIT.unknown : EXIT.met
}

const resultJson = (results: readonly ExhibitResult[]): Json => ({
  chaos: RESULT_FORM,
  summary: gallerySummary(results),
  exhibits: JSON.parse(JSON.stringify(results.map((each) => ({ ...each, outcome: exhibitOutcome(each) })))) as Json,
})

const jsonLines = (exhibits: readonly Exhibit[]): string => `${JSON.stringify(exhibits)}\n`

const bold = (text: string): string => styleFor().bold(text)

const listLines = (): readonly string[] => [
  ...listing(
    gallery.map((exhibit): Listed => [exhibit.name, `${systemOf(exhibit)}: ${exhibit.weakness}`]),
    bold,
  ),
  '',
  'Run one, then its cure: chaos gallery run NAME. What it runs: chaos gallery show NAME',
]

function exhibitText(exhibit: Exhibit): string {
  const { commands, breaks } = exhibitResult(exhibit)
  return [
    bold(exhibit.name),
    `  ${systemOf(exhibit)}: ${exhibit.weakness}`,
    `  source  ${exhibit.source}`,
    `  breaks  ${breaks}`,
    ...(exhibit.program === undefined ? [] : [`  in      examples/${exhibit.program}`]),
    ...(exhibit.servers.length === 0 ? [] : [`  needs   ${exhibit.servers.join(', ')}`]),
    `  run     ${commands.weakness}`,
    `  cure    ${exhibit.cure.says}`,
    `  run     ${commands.cure}`,
  ].join('\n')
}
