import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { readHistory } from '@chaosproxy/history/files'
import { faultSpans } from '@chaosproxy/runner/result'
import { readSummary } from '../../../engine/src/run-directory.ts'
import { chaos, chaosHere, startChaos, temporaryDirectory } from '../../../testing/src/chaos.ts'

/** Returns the text of a page without its markup. */
export const words = (text: string): string =>
  text
    .replaceAll(/<style>.*?<\/style>|<script.*?<\/script>/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll(/\s+/g, ' ')

/** The output of `--json`, which may have any form. */
// biome-ignore lint/suspicious/noExplicitAny: the schema of results is held by a test of its own
export type Printed = any

/** Removes white space, and converts to lower case, so that a comparison of texts ignores line breaks. */
export const squeezed = (text: string): string => text.replaceAll(/\s+/g, '').toLowerCase()

const REPORTERS = ['json', 'jsonl', 'junit', 'markdown', 'line', 'tap', 'svg'] as const

/** Performs one run, and reads all of its reports. */
async function tellings(settings: readonly string[], how: 'simulated' | 'real' | 'interrupted', seed: number) {
  const isReal = how !== 'simulated'
  const out = temporaryDirectory()
  const files = temporaryDirectory()
  const chosen = REPORTERS.flatMap((name) => ['--reporter', `${name}=${join(files, name)}`])
  const run = ['run', ...(isReal ? [] : ['--sim']), '--seed', String(seed), ...settings, '--out', out, ...chosen]
  const { stdout, exitCode } = await (how === 'interrupted'
    ? interrupted(run, out)
    : isReal
      ? chaos(run)
      : chaosHere(run))
  const directory = join(out, readdirSync(out).find((name) => name !== 'index.html') ?? '')
  const recorded = join(directory, 'history.jsonl')
  // The options that set the expected level. A check of `history.jsonl` without `run.json` gets the same options.
  const at = settings.indexOf('--expect')
  const expected = at === -1 || settings[at + 1] === 'none' ? [] : settings.slice(at, at + 2)
  const read = (name: (typeof REPORTERS)[number]): string => readFileSync(join(files, name), 'utf8')
  const printed = async (...args: readonly string[]): Promise<string> => (await chaosHere(args)).stdout
  const page = readFileSync(join(directory, 'report.html'), 'utf8')
  const history = await readHistory(recorded)
  const summary = readSummary(join(directory, 'run.json'))
  const differencePage = join(files, 'diff.html')
  const compared = await printed('diff', directory, directory, '--out', differencePage)
  return {
    spans: { kept: faultSpans(history, summary), recorded: faultSpans(history, undefined) },
    exitCode,
    terminal: stdout,
    page,
    text: words(page),
    json: JSON.parse(read('json')) as Printed,
    explained: JSON.parse(await printed('explain', directory, '--json')) as Printed,
    told: await printed('explain', directory),
    alone: isReal ? (JSON.parse(await printed('explain', recorded, '--json')) as Printed) : undefined,
    checked: JSON.parse(await printed('check', recorded, '--json', ...expected)) as Printed,
    difference: JSON.parse(await printed('diff', directory, directory, '--json')) as Printed,
    compared: { difference: compared, differencePage: readFileSync(differencePage, 'utf8') },
    markdown: unescaped(read('markdown')),
    line: read('line'),
    lines: read('jsonl').replaceAll('\\"', '"'),
    junit: read('junit'),
    tap: read('tap').replaceAll('\\"', '"'),
    svg: words(read('svg').replaceAll(/<title>.*?<\/title>/g, (title) => squeezed(words(title)))) + read('svg'),
  }
}

const ENOUGH_BYTES = 100_000

/** Interrupts a run after its clients have performed some operations. */
export async function interrupted(run: readonly string[], out: string): ReturnType<typeof chaos> {
  const { child, finished } = startChaos(run)
  const recorded = () =>
    readdirSync(out)
      .map((name) => join(out, name, 'history.jsonl'))
      .filter((file) => existsSync(file))
  while (child.exitCode === null && !recorded().some((file) => statSync(file).size > ENOUGH_BYTES)) await setTimeout(50)
  child.kill('SIGINT')
  return finished
}

/** Removes the escapes that keep Markdown from reading text as markup. */
const unescaped = (markdown: string): string => markdown.replaceAll(/\\([\\`*_[\]<>#|~])/g, '$1')

export type Tellings = Awaited<ReturnType<typeof tellings>>

export const momentsOf = (spans: ReturnType<typeof faultSpans>) =>
  spans.map(({ label, from, to }) => ({ label, from, to }))

const told = new Map<string, Promise<Tellings>>()

/** Each run is performed once, and all tests share its result. */
export const tellingsOf = (name: string, settings: readonly string[]): Promise<Tellings> => {
  const known =
    told.get(name) ??
    (name.includes('real')
      ? realTellings(settings)
      : tellings(settings, name.includes('interrupted') ? 'interrupted' : 'simulated', 1))
  told.set(name, known)
  return known
}

/**
 * Performs a real run. Repeats it with another seed if its result contains no messages that explain a violation.
 * Performs at most three runs.
 */
async function realTellings(settings: readonly string[]): Promise<Tellings> {
  for (let seed = 1; ; seed++) {
    const found = await tellings(settings, 'real', seed)
    if (found.json.messages !== undefined || seed === 3) return found
  }
}
