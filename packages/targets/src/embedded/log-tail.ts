import { readFileSync } from 'node:fs'

const LAST_LOG_LINES = 5

/** The end of a log, for an error message that has to say what a process said last. */
export function lastLines(logPath: string): string {
  try {
    const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LAST_LOG_LINES)
    return `The last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`
  } catch (error) {
    return `Its log cannot be read (${(error as Error).message}).`
  }
}
