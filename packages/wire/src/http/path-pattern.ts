/**
 * A pattern for paths: `/kv/{key}`, `/static/*`. A name in braces matches a segment or a part of one. A star that is a
 * whole segment matches one segment; any other star matches any text. `/kv/:key` is equivalent to `/kv/{key}`. Matching
 * is greedy from left to right: in `a-b-c`, `{x}-{y}` matches `a-b` and `c`.
 */
export interface PathPattern {
  readonly names: readonly string[]
  /**
   * Returns the path, and then the text for each name, as sent. Takes linear time, because clients choose the path. A
   * path of more than 16 Ki characters never matches.
   */
  match(path: string): readonly string[] | null
}

export function compilePath(pattern: string): PathPattern {
  const tokens = tokensOf(pattern)
  const first = tokens[0]?.text ?? ''
  const last = tokens.at(-1)?.text ?? ''
  return {
    names: tokens.flatMap(({ name }) => name ?? []),
    match(path) {
      if (path.length > LONGEST_PATH || !path.startsWith(first) || !path.endsWith(last)) return null
      return matchTokens(tokens, path)
    },
  }
}

/** Returns two adjacent names, such as `{a}{b}`, because the boundary between them is ambiguous. */
export const adjacentNames = (pattern: string): string | undefined => /\{\w+\}\{\w+\}/.exec(pattern)?.[0]

const LONGEST_PATH = 16 * 1024

/**
 * A part of a pattern. `text` matches itself, `segment` matches a segment or a part of a segment, and `any` matches any
 * text.
 */
type Token =
  | { readonly kind: 'text'; readonly text: string; readonly name?: undefined }
  | { readonly kind: 'segment'; readonly name: string | undefined; readonly text?: undefined }
  | { readonly kind: 'any'; readonly name?: undefined; readonly text?: undefined }

function tokensOf(pattern: string): readonly Token[] {
  return pattern
    .replace(/(?<=\/):(\w+)(?=\/|$)/g, '{$1}')
    .split(/(\{\w+\}|(?<=\/)\*(?=\/)|\*)/)
    .filter((part) => part !== '')
    .map((part, i, parts): Token => {
      if (/^\{\w+\}$/.test(part)) return { kind: 'segment', name: part.slice(1, -1) }
      if (part !== '*') return { kind: 'text', text: part }
      const isSegment = parts[i - 1]?.endsWith('/') === true && parts[i + 1]?.startsWith('/') === true
      return isSegment ? { kind: 'segment', name: undefined } : { kind: 'any' }
    })
}

/**
 * Matches a path by a table, filled from the last token to the first. For each position, the table holds where a token
 * can end so that all later tokens match. Each token takes one pass over the path, without backtracking.
 */
function matchTokens(tokens: readonly Token[], path: string): readonly string[] | null {
  let after: Ends = new Int32Array(path.length + 1).fill(NEVER)
  after[path.length] = path.length
  const table = tokens
    .toReversed()
    .map((token) => {
      after = endsOf(token, path, after)
      return after
    })
    .reverse()
  if (after[0] === NEVER) return null
  const found = [path]
  let at = 0
  for (const [i, { name }] of tokens.entries()) {
    const end = table[i]?.[at] ?? path.length
    if (name !== undefined) found.push(path.slice(at, end))
    at = end
  }
  return found
}

/** For each position of the path: the last end of a token that begins there, or `NEVER`. */
type Ends = Int32Array
const NEVER = -1

/**
 * @param after For each position: the end of the next token, if it begins there. `NEVER` means that the tokens after
 * `token` cannot match from this position, so `token` cannot end there.
 */
function endsOf(token: Token, path: string, after: Ends): Ends {
  const ends = new Int32Array(path.length + 1).fill(NEVER)
  if (token.kind === 'text') {
    const { text } = token
    for (let at = path.indexOf(text); at >= 0; at = path.indexOf(text, at + 1))
      if (after[at + text.length] !== NEVER) ends[at] = at + text.length
    return ends
  }
  let farthest = NEVER
  for (let at = path.length; at >= 0; at--) {
    const canEndHere = after[at] !== NEVER
    if (token.kind === 'any') {
      if (farthest === NEVER && canEndHere) farthest = at
      ends[at] = farthest
    } else if (path.charCodeAt(at) === SLASH) {
      farthest = canEndHere ? at : NEVER
    } else {
      ends[at] = farthest
      if (farthest === NEVER && canEndHere) farthest = at
    }
  }
  return ends
}

const SLASH = 0x2f

export function pathOf(target: string): string {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  if (path.charCodeAt(0) === 0x2f) return path
  const authority = path.indexOf('://')
  const slash = authority < 0 ? -1 : path.indexOf('/', authority + 3)
  return slash < 0 ? path : path.slice(slash)
}

/** Decodes percent-encoding, and raw UTF-8 read as Latin-1. An invalid segment stays unchanged. */
export function decodeSegment(segment: string): string {
  if (PLAIN.test(segment)) return segment
  const bytes = segment.replace(/[\u0080-\u00ff]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  try {
    return decodeURIComponent(bytes)
  } catch {
    return segment
  }
}

const PLAIN = /^[ -$&-~]*$/

/**
 * Encodes a text as one path segment. Leaves pchar as they are (RFC 3986 §3.3), because clients send them unencoded,
 * and some services decode nothing. In a text of nothing but dots, encodes the dots, because they would change the
 * path.
 */
export function encodeSegment(text: string): string {
  if (/^\.+$/.test(text)) return text.replaceAll('.', '%2E')
  return encodeURIComponent(text).replace(NEEDLESS, decodeURIComponent)
}

/** The pchar that `encodeURIComponent` encodes: `$ & + , : ; = @`. */
const NEEDLESS = /%(?:24|26|2B|2C|3A|3B|3D|40)/g
