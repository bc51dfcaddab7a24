import { readFileSync } from 'node:fs'

const LAST_LOG_LINES = 5

/** The end of a log, for an error message that has to say what a process said last. */
export function lastLines(logPath: string): string {
  try {
    return `The last lines of its log:\n${tail(logPath, LAST_LOG_LINES)
      .map((line) => `  ${line}`)
      .join('\n')}`
  } catch (error) {
    return `Its log cannot be read (${(error as Error).message}).`
  }
}

/** What it said last, without the time. */
export function lastWords(logPath: string): string {
  try {
    return tail(logPath, 1)
      .join()
      .replace(/^ *\d+\.\d{3} {2}/, '')
  } catch {
    return ''
  }
}

const tail = (logPath: string, lines: number): string[] =>
  readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-lines)
