import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Enough lines for an error of Node with its stack trace. */
const LAST_LOG_LINES = 20
/** Enough bytes for the last lines of any log. A database's log may not fit in memory. */
const TAIL_BYTES = 64 * 1024

/** Returns the end of a log, for an error message. */
export function lastLines(logPath: string): string {
  try {
    const lines = tail(logPath)
    if (lines.length === 0) return 'It printed nothing.'
    return `The last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}`
  } catch (error) {
    return `Its log cannot be read (${(error as Error).message}).`
  }
}

/** Returns the end of a log and its path, for an error message about a program that failed. */
export const endOfLog = (logPath: string): string => `${lastLines(logPath)}\nIts log is ${logPath}`

/** Matches the version that Node prints below the stack trace when it exits with an error. */
const NODE = /^Node\.js v\d/
const ERROR = /^\w*Error\b/

/** Returns the last line of output without its time, or the line that names an error of Node. */
export function lastWords(logPath: string): string {
  try {
    const lines = tail(logPath).map((line) => line.replace(/^ *\d+\.\d{3} {2}/, ''))
    const last = lines.at(-1) ?? ''
    return NODE.test(last) ? (lines.findLast((line) => ERROR.test(line)) ?? last) : last
  } catch {
    return ''
  }
}

/** Returns the last line of output as the end of a sentence: `; its last output: out of memory`. */
export function lastWordsText(logPath: string): string {
  const words = lastWords(logPath)
  return words === '' ? '' : `; its last output: ${words}`
}

/** Returns what was appended to a log after this offset. A long text loses its beginning. */
export function readFrom(logPath: string, offset: number): string {
  const log = openSync(logPath, 'r')
  try {
    const { size } = fstatSync(log)
    const from = Math.max(offset, size - TAIL_BYTES)
    const bytes = Buffer.alloc(Math.max(0, size - from))
    return bytes.toString('utf8', 0, readSync(log, bytes, 0, bytes.length, from))
  } finally {
    closeSync(log)
  }
}

function tail(logPath: string): string[] {
  const text = readFrom(logPath, 0).trimEnd()
  return text === '' ? [] : text.split('\n').slice(-LAST_LOG_LINES)
}
