import { count, percent, plural } from '@chaosproxy/history'
import { factsOf } from '../facts/facts.ts'
import { titleWithVerdict } from '../facts/headline.ts'
import { sentenceText } from '../facts/violation-words.ts'
import { printable } from '../operation-words.ts'
import { copied, finish, pageStyle, vacuousTexts } from '../terminal/run-page.ts'
import type { Style, TerminalOptions } from '../terminal/style.ts'
import { paintFor } from '../terminal/style.ts'
import { wrap } from '../terminal/width.ts'
import type { Finding } from './finding.ts'
import type { RunSubject } from './subject.ts'

/** Renders one of several runs as a line with its verdict. */
export function renderRepeat(subject: RunSubject, style: Style, options: TerminalOptions): string {
  const { summary, reportFile, again, exitCode } = subject
  const page = pageStyle(style, options)
  const {
    headline,
    counterexample: shown,
    why: cause,
    missed,
    vacuous,
  } = factsOf({
    history: subject.history,
    report: summary.report,
    run: summary,
  })
  const isNoted = exitCode === 0 && headline.mood !== 'good'
  const isKept = exitCode === 0 && !isNoted
  const [symbol, paint] = isKept
    ? [page.symbols.met, style.green]
    : isNoted
      ? [page.symbols.bullet, style.yellow]
      : exitCode === 1
        ? [page.symbols.violated, style.accent]
        : [page.symbols.unknown, style.yellow]
  const seed = `seed ${summary.spec.seed}`
  const headlineText = headline.title === headline.verdict ? headline.title.toLowerCase() : titleWithVerdict(headline)
  const title = paintFor(headline.mood, style)(headlineText)
  const why = [
    ...(shown === undefined ? [] : [sentenceText(subject.history, shown, cause)]),
    ...missed,
    ...vacuousTexts(vacuous),
    ...summary.trouble,
  ]
  const line = `${paint(symbol)} ${seed.padEnd(SEED_COLUMN)}${title}, ${plural(summary.operations.total, 'operation')}`
  const more = isKept
    ? []
    : [
        ...why.flatMap((text) => wrap(printable(text), page.width - 2)).map((text) => `  ${style.dim(text)}`),
        ...[reportFile, again].map((text) => copied(`  ${style.dim(text)}`)),
      ]
  return finish([[line, ...more]], options).replace(/^\n/, '')
}

const SEED_COLUMN = 12

/** Renders how many runs broke the promise, with a confidence interval. */
export function renderRepeats(runs: readonly Finding[], style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const noted = runs.filter(({ result }) => result === 'noted').length
  const failed = noted + runs.filter(({ result }) => result === 'failed').length
  const undecided = runs.filter(({ result }) => result === 'undecided' || result === 'troubled').length
  const [least, most] = wilsonInterval(failed, runs.length - undecided)
  const decided = runs.length - undecided
  const lines = [
    failed === 0
      ? style.bold(style.green(`KEPT IN ${count(decided)} OF ${plural(runs.length, 'run').toUpperCase()}`))
      : style.bold(
          style.accent(
            `${noted > 0 ? 'VIOLATED' : 'BROKEN'} IN ${count(failed)} OF ${plural(runs.length, 'run').toUpperCase()}`,
          ),
        ),
    ...wrap(proportionText(failed, decided, least, most), page.width),
    ...(undecided === 0
      ? []
      : [
          style.yellow(
            `${plural(undecided, 'run')} proved nothing, and ${undecided === 1 ? 'is' : 'are'} not counted.`,
          ),
        ]),
  ]
  return finish([lines], options)
}

const proportionText = (failed: number, decided: number, least: number, most: number): string =>
  decided === 0
    ? 'nothing was decided'
    : `a violation in ${percent(failed / decided, 1)} of the decided runs; with 95% confidence, in ${percent(least, 1)} to ${percent(most, 1)} of such runs`

/**
 * Returns the interval that contains the true proportion with 95% confidence: E. B. Wilson, "Probable inference, the
 * law of succession, and statistical inference", JASA 22 (1927).
 */
export function wilsonInterval(hits: number, trials: number): readonly [least: number, most: number] {
  if (trials === 0) return [0, 1]
  const share = hits / trials
  const scale = 1 + Z ** 2 / trials
  const centre = (share + Z ** 2 / (2 * trials)) / scale
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2))
  // Without hits, the interval begins at exactly 0; with only hits, it ends at exactly 1. These ends are not computed,
  // because rounding errors would change them.
  return [hits === 0 ? 0 : Math.max(0, centre - half), hits === trials ? 1 : Math.min(1, centre + half)]
}

/** The two-sided 95% quantile of the normal distribution. */
const Z = 1.959963984540054
