import type { MatchableHead } from './head.ts'

/** The fields of ordinary requests are far shorter. */
const MOST_BYTES = 64 * 1024

/**
 * Reads the head of a request that the strict parser refuses. Like most servers, accepts bare LFs, folded fields, and
 * any field names. Use the result only to decide whether a fault may hit the request.
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
