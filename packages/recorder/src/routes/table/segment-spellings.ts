import { encodeSegment } from '@chaosproxy/wire/http'

/**
 * The encodings that clients use for path segments. A service that does not decode its path considers `a@b` and `a%40b`
 * different keys, so a final read of a key must use the clients' encoding.
 */
export interface Spellings {
  /** Notes that a client sent this decoded segment in this encoding. */
  sent(text: string, spelling: string): void
  /** The last encoding of the segment; by default that of `encodeSegment`. */
  of(text: string): string
}

/** Creates a memory of the encodings of path segments. It keeps only the `mostSpellings` last unusual encodings. */
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
/**
 * Matches an encoding that can be kept and repeated: it is short, and ASCII. Other bytes were read as Latin-1, and
 * would be sent as different bytes.
 */
const REPEATABLE = /^[\x21-\x7e]{1,1024}$/
