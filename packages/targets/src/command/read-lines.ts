import type { Readable } from 'node:stream'

/**
 * The greatest length of a line; longer lines are cut. A program that never ends a line would otherwise exhaust memory.
 */
const MOST_LINE = 2 ** 25

/** The lines of a UTF-8 stream. Only a line feed ends a line, with or without a carriage return before it. */
export interface LineReader {
  /**
   * Returns the text of an incomplete line that has been incomplete for at least this many milliseconds. Undefined if
   * there is no such line.
   */
  unended(forMs: number): string | undefined
}

/** Calls back with each line. At the end of the stream, also calls back with an incomplete line. */
export function readLines(stream: Readable, line: (text: string) => void): LineReader {
  let rest = ''
  let latest = 0
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    latest = performance.now()
    let start = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      const text = rest + chunk.slice(start, end)
      rest = ''
      start = end + 1
      line(text.endsWith('\r') ? text.slice(0, -1) : text)
    }
    if (rest.length < MOST_LINE) rest += chunk.slice(start)
  })
  stream.on('end', () => {
    if (rest !== '') line(rest)
    rest = ''
  })
  return { unended: (forMs) => (rest !== '' && performance.now() - latest >= forMs ? rest : undefined) }
}
