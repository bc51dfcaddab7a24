import { encodeSegment } from '@chaosproxy/wire/http'
import { remember } from '../../record/processes.ts'

/**
 * How clients encode path segments. A service that does not decode its path distinguishes `a@b` from `a%40b`, so a
 * final read must use the clients' encoding.
 */
export interface Spellings {
  sent(text: string, spelling: string): void
  /** Returns the encoding that clients last sent for this text. By default, this is the result of `encodeSegment`. */
  of(text: string): string
}

/** Remembers the last `mostSpellings` unusual encodings. */
export function createSpellings(mostSpellings: number = MOST_SPELLINGS): Spellings {
  const unusual = new Map<string, string>()
  return {
    sent(text, spelling) {
      if (spelling === encodeSegment(text) || !REPEATABLE.test(spelling)) unusual.delete(text)
      else remember(unusual, text, spelling, mostSpellings)
    },
    of: (text) => unusual.get(text) ?? encodeSegment(text),
  }
}

const MOST_SPELLINGS = 4_096
/**
 * Matches an encoding that can be sent again: a short one in ASCII. Other bytes were read as Latin-1, and would be sent
 * as different bytes.
 */
const REPEATABLE = /^[\x21-\x7e]{1,1024}$/
