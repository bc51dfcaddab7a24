import type { Readable } from 'node:stream'

/** A line that is longer is cut here: a program that never ends one would take all memory. */
const MOST_LINE = 2 ** 25

/** The lines of a stream of UTF-8. Only a line feed ends one, with or without a carriage return before it. */
export interface LineReader {
  /** What was read of a line that has had no end for at least this many milliseconds. */
  unended(forMs: number): string | undefined
}

/** Calls back with each line, at the end of the stream also with one that has no end. */
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
