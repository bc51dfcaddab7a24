/** Returns a function that tests whether a text matches a pattern of `KEYS` and `PSUBSCRIBE`. */
export function globMatcher(pattern: string): (text: string) => boolean {
  let source = ''
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    if (character === '*') source += '[^]*'
    else if (character === '?') source += '[^]'
    else if (character === '[') {
      const end = classEnd(pattern, i)
      source += classOf(pattern.slice(i + 1, end))
      i = end
    } else if (character === '\\' && i + 1 < pattern.length) {
      i++
      source += literal(pattern.charAt(i))
    } else source += literal(character)
  }
  const expression = new RegExp(`^${source}$`)
  return (text) => expression.test(text)
}

/** Returns the index of the closing bracket, or the end of the pattern. */
function classEnd(pattern: string, start: number): number {
  for (let i = start + 1; i < pattern.length; i++) {
    if (pattern.charAt(i) === '\\') i++
    else if (pattern.charAt(i) === ']') return i
  }
  return pattern.length
}

function classOf(inside: string): string {
  const negated = inside.startsWith('^')
  const members = (negated ? inside.slice(1) : inside).replaceAll(/\\(.)|[\]\\^]/g, (whole, escaped?: string) =>
    literal(escaped ?? whole),
  )
  if (members === '') return negated ? '[^]' : '[]'
  return `[${negated ? '^' : ''}${members}]`
}

const literal = (character: string): string =>
  /[\w]/.test(character) ? character : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
