import type { MatchableHead } from './head.ts'

/** As much of a malformed head as is read: fields of ordinary requests are far shorter. */
const MOST_BYTES = 64 * 1024

/**
 * A request that this parser refuses, as most servers would read it: with lines that end in a bare LF, folded fields and
 * names of any characters. Good enough to ask whether a fault is for it, and for nothing else.
 */
export function readLaxly(bytes: Buffer): MatchableHead {
  const text = bytes.toString('latin1', 0, MOST_BYTES)
  const end = /\n\r?\n/.exec(text)?.index ?? text.length
  const [first = '', ...lines] = text.slice(0, end).split(/\r?\n(?![ \t])/)
  const [method = '', target = ''] = first.trim().split(' ')
  return {
    method,
    target,
    headers: {
      get(name) {
        const values = lines.flatMap((line) => {
          const colon = line.indexOf(':')
          return line.slice(0, colon).trim().toLowerCase() === name ? line.slice(colon + 1).trim() : []
        })
        return values.length === 0 ? undefined : values.join(', ')
      },
    },
  }
}
