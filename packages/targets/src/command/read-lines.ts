import type { Readable } from 'node:stream'

/** Longer lines are cut: a program that never ends a line would otherwise exhaust memory. */
const MOST_LINE = 2 ** 25

/** The lines of a UTF-8 stream. A line ends with a line feed, and a carriage return before the line feed is dropped. */
interface LineReader {
  /** Returns a line that has been incomplete for at least this many milliseconds. */
  unended(forMs: number): string | undefined
}

/** Calls back with each line, even an incomplete one at the end. */
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
