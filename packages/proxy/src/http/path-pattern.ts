// A path to compare with: `/kv/{key}`, `/static/*`. A name in braces stands for one segment, and so does a star that is
// one; at the end a star stands for any rest.
export interface PathPattern {
  readonly names: readonly string[]
  /** The path, and then the segments that the names stand for, as they were sent; null where the path is another. */
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

/** Names, stars that stand for something, and what an expression would take for more than itself. */
const PARTS = /\{(\w+)\}|\/\*(?=\/)|\*$|[\\^$.*+?()[\]{}|]/g

/** A target's path, without its query; of an absolute target without scheme and authority. */
export function pathOf(target: string): string {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  if (path.charCodeAt(0) === 0x2f) return path
  const authority = path.indexOf('://')
  const slash = authority < 0 ? -1 : path.indexOf('/', authority + 3)
  return slash < 0 ? path : path.slice(slash)
}

/** The text that percent-encoding, or raw UTF-8 read as Latin-1, stands for; as it is where it stands for none. */
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
