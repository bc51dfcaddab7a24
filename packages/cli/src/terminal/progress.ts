import { clip, printableLines } from '@chaosproxy/report'
import { print } from './output.ts'
import { wantsColours } from './page-width.ts'

/** Shows the progress of long work on stderr: a spinner on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  /**
   * Shows the current state. On a terminal it replaces the previous state and includes `momentary`, a text that is
   * valid only for a moment. Elsewhere it is printed periodically.
   */
  update(text: string, momentary?: string): void
  /** Shows a text that stays on the screen. */
  succeed(text: string): void
  warn(text: string): void
  /** Prints a line for `--verbose`. */
  note(text: string): void
  stop(): void
}

const PLAIN_LINE_EVERY_MS = 5_000
/** The interval at which an unchanged line is printed again, to show that the work continues. */
const SAME_LINE_EVERY_MS = 60_000

interface ProgressOptions {
  readonly quiet: boolean
  /** Whether to print notes; if so, no spinner is used, which would overwrite them. */
  readonly verbose?: boolean | undefined
}

export async function createProgress({ quiet, verbose = false }: ProgressOptions): Promise<ProgressDisplay> {
  const note = (text: string): void => print(process.stderr, `  ${printableLines(text)}\n`)
  if (verbose) return quiet ? { ...silent, note } : { ...plainLines(), note }
  if (quiet) return silent
  const { isTTY, columns } = process.stderr
  const { CI, TERM } = process.env
  // On a terminal without a size, which automation tools open, ora would try to clear infinitely many lines. Without
  // colours, plain lines replace ora's spinner, which is always coloured.
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

/**
 * The number of columns that ora needs beside the text: an indent, its mark, a space, and a last column that must stay
 * empty.
 */
const BESIDE = 5

/** Clips lines to the terminal's width: ora would not clear all rows of a wrapped line. */
export const clippedLines = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => clip(line, columns - BESIDE))
    .join('\n')

async function spinner(): Promise<ProgressDisplay> {
  const { default: ora } = await import('ora')
  // With `hideCursor`, ora would handle signals itself. It could not process them while the checker works.
  const display = ora({ stream: process.stderr, indent: 2, discardStdin: false, hideCursor: false })
  return {
    update(text, momentary) {
      const whole = momentary === undefined ? text : `${text}, ${momentary}`
      display.text = clippedLines(printableLines(whole), process.stderr.columns)
      if (!display.isSpinning) display.start()
      // The timer of the spinner cannot run during checking, so each update draws the spinner.
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
