import { encodeSegment } from '@chaosproxy/wire/http'

/**
 * How clients encoded path segments. A service that does not decode its path takes `a@b` and `a%40b` for two keys, so a
 * final read of a key must encode it as the clients did.
 */
export interface Spellings {
  /** A client sent this decoded segment in this encoding. */
  sent(text: string, spelling: string): void
  /** The latest encoding of the segment; by default that of `encodeSegment`. */
  of(text: string): string
}

/** Remembers only unusual encodings, and the latest of those: at most `mostSpellings`. */
export function createSpellings(mostSpellings: number = MOST_SPELLINGS): Spellings {
  const unusual = new Map<string, string>()
  return {
    sent(text, spelling) {
      unusual.delete(text)
      if (spelling === encodeSegment(text) || !REPEATABLE.test(spelling)) return
      unusual.set(text, spelling)
      if (unusual.size <= mostSpellings) return
      const [oldest] = unusual.keys()
      if (oldest !== undefined) unusual.delete(oldest)
    },
    of: (text) => unusual.get(text) ?? encodeSegment(text),
  }
}

const MOST_SPELLINGS = 4_096
/** Short enough to keep, and ASCII: other bytes were read as Latin-1 and would be sent as something else. */
const REPEATABLE = /^[\x21-\x7e]{1,1024}$/
