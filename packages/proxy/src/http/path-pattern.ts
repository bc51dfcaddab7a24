// A pattern for paths: `/kv/{key}`, `/static/*`. A name in braces matches one segment, and so does a star as a segment; at
// the end a star matches any rest.
export interface PathPattern {
  readonly names: readonly string[]
  /** The path, followed by the segments that the names match, as sent; null if the path does not match. */
  match(path: string): readonly string[] | null
}

export function compilePath(pattern: string): PathPattern {
  const names: string[] = []
  const source = pattern.replace(PARTS, (special, name: string | undefined) => {
    if (name !== undefined) {
      names.push(name)
      return '([^/]+)'
    }
    if (special === '/*') return '/[^/]+'
    return special === '*' ? '.*' : `\\${special}`
  })
  const expression = new RegExp(`^${source}$`, 's')
  return { names, match: (path) => expression.exec(path) }
}

/** Names, wildcard stars, and characters that are special in regular expressions. */
const PARTS = /\{(\w+)\}|\/\*(?=\/)|\*$|[\\^$.*+?()[\]{}|]/g

/** The path of a target: without query, scheme and authority. */
export function pathOf(target: string): string {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  if (path.charCodeAt(0) === 0x2f) return path
  const authority = path.indexOf('://')
  const slash = authority < 0 ? -1 : path.indexOf('/', authority + 3)
  return slash < 0 ? path : path.slice(slash)
}

/** Decodes percent-encoding and raw UTF-8 that was read as Latin-1. Returns an invalid segment unchanged. */
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
 * Encodes a text as one path segment: everything but pchar (RFC 3986 §3.3). Clients send those characters as they are,
 * and some services do not decode. A segment of only dots would change the path, so its dots are encoded too.
 */
export function encodeSegment(text: string): string {
  if (/^\.+$/.test(text)) return text.replaceAll('.', '%2E')
  return encodeURIComponent(text).replace(NEEDLESS, decodeURIComponent)
}

/** The pchar that `encodeURIComponent` encodes: `$ & + , : ; = @`. */
const NEEDLESS = /%(?:24|26|2B|2C|3A|3B|3D|40)/g
