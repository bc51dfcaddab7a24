import { clip, printableLines } from '@chaosproxy/report'
import { printNotice } from './output.ts'
import { wantsColours } from './page-width.ts'

/** Shows progress on stderr: a spinner on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  /** Shows the current state in place of the previous one. `momentary` appears on a terminal only. */
  update(text: string, momentary?: string): void
  succeed(text: string): void
  warn(text: string): void
  /** Prints a line for `--verbose`. */
  note(text: string): void
  stop(): void
}

const PLAIN_LINE_EVERY_MS = 5_000
/** How often an unchanged line is printed again, to show that the work continues. */
const SAME_LINE_EVERY_MS = 60_000

interface ProgressOptions {
  readonly quiet: boolean
  /** Whether to print notes. No spinner is then shown, because it would overwrite the notes. */
  readonly verbose?: boolean | undefined
}

export async function createProgress({ quiet, verbose = false }: ProgressOptions): Promise<ProgressDisplay> {
  const note = (text: string): void => printNotice(`  ${printableLines(text)}\n`)
  if (verbose) return quiet ? { ...silent, note } : { ...plainLines(), note }
  if (quiet) return silent
  const { isTTY, columns } = process.stderr
  const { CI, TERM } = process.env
  // If the terminal has no size, as in automation tools, ora would clear infinitely many lines. The spinner is also not
  // used without colours, because ora always colours it.
  const interactive =
    isTTY === true && columns > 0 && CI === undefined && TERM !== 'dumb' && wantsColours(process.stderr)
  return interactive ? spinner() : plainLines()
}

const silent: ProgressDisplay = {
  update() {},
  succeed() {},
  warn: (text) => printNotice(`${printableLines(text)}\n`),
  note() {},
  stop() {},
}

/** The columns that ora needs beside the text: an indent of 2, its mark, a space, and an empty last column. */
const BESIDE = 5

/** Clips lines to the terminal's width, because ora would not clear wrapped lines. */
export const clippedLines = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => clip(line, columns - BESIDE))
    .join('\n')

async function spinner(): Promise<ProgressDisplay> {
  const { default: ora } = await import('ora')
  // With `hideCursor: true`, ora would handle signals, which it cannot do while the checker works.
  const display = ora({ stream: process.stderr, indent: 2, discardStdin: false, hideCursor: false })
  return {
    update(text, momentary) {
      const whole = momentary === undefined ? text : `${text}, ${momentary}`
      display.text = clippedLines(printableLines(whole), process.stderr.columns)
      if (!display.isSpinning) display.start()
      // The spinner's timer cannot run during checking.
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
    printNotice(`  ${printableLines(text.replaceAll('\n', '  ').replace(/ {3,}/g, '   ').trim())}\n`)
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
