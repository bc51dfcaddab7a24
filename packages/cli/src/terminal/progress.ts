import { clip, printableLines } from '@chaosproxy/report'
import { print } from './output.ts'
import { wantsColours } from './page-width.ts'

/** Progress of long work on stderr: a spinner on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  /**
   * The current state. A terminal shows it in place of the previous one, with what is true for a moment only; elsewhere it
   * is printed now and then.
   */
  update(text: string, momentary?: string): void
  /** A text that stays on the screen. */
  succeed(text: string): void
  warn(text: string): void
  /** A line for `--verbose`. */
  note(text: string): void
  stop(): void
}

const PLAIN_LINE_EVERY_MS = 5_000
/** How often an unchanged line is printed again, to show that the work goes on. */
const SAME_LINE_EVERY_MS = 60_000

interface ProgressOptions {
  readonly quiet: boolean
  /** Whether to print notes, which also keeps a spinner from overwriting them. */
  readonly verbose?: boolean | undefined
}

export async function createProgress({ quiet, verbose = false }: ProgressOptions): Promise<ProgressDisplay> {
  const note = (text: string): void => print(process.stderr, `  ${printableLines(text)}\n`)
  if (verbose) return quiet ? { ...silent, note } : { ...plainLines(), note }
  if (quiet) return silent
  const { isTTY, columns } = process.stderr
  const { CI, TERM } = process.env
  // On a terminal without a size, as tools that drive programs open, ora would clear infinitely many lines. Its spinner is
  // always coloured, so lines are used if colours are off.
  const interactive =
    isTTY === true && columns > 0 && CI === undefined && TERM !== 'dumb' && wantsColours(process.stderr)
  return interactive ? spinner() : plainLines()
}

const silent: ProgressDisplay = {
  update() {},
  succeed() {},
  warn: (text) => print(process.stderr, `${printableLines(text)}\n`),
  note() {},
  stop() {},
}

/** What ora puts before a text: an indent, its mark and a space; and a column that no character may fill. */
const BESIDE = 5

/** Lines that a terminal does not wrap: ora would leave rows of a wrapped one behind. */
export const clippedLines = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => clip(line, columns - BESIDE))
    .join('\n')

async function spinner(): Promise<ProgressDisplay> {
  const { default: ora } = await import('ora')
  // To hide the cursor, ora would take over signals, which then go unheard while the checker works.
  const display = ora({ stream: process.stderr, indent: 2, discardStdin: false, hideCursor: false })
  return {
    update(text, momentary) {
      const whole = momentary === undefined ? text : `${text}, ${momentary}`
      display.text = clippedLines(printableLines(whole), process.stderr.columns)
      if (!display.isSpinning) display.start()
      // Checking leaves no time for the spinner's own timer.
      display.render()
    },
    succeed: (text) => display.succeed(printableLines(text)),
    warn: (text) => display.warn(printableLines(text)),
    note() {},
    stop: () => display.stop(),
  }
}

function plainLines(): ProgressDisplay {
  let lastAt = Number.NEGATIVE_INFINITY
  let last: string | undefined
  const line = (text: string) =>
    print(process.stderr, `  ${printableLines(text.replaceAll('\n', '  ').replace(/ {3,}/g, '   ').trim())}\n`)
  return {
    update(text) {
      const now = performance.now()
      if (now - lastAt < (text === last ? SAME_LINE_EVERY_MS : PLAIN_LINE_EVERY_MS)) return
      lastAt = now
      last = text
      line(text)
    },
    succeed: line,
    warn: line,
    note() {},
    stop() {},
  }
}
