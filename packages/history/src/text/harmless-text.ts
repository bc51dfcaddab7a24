// Untrusted texts are shown on terminals and in CI logs. They must control neither the terminal nor the CI system.

/** Matches control characters, invisible characters, characters that change the writing direction, and CI commands. */
const COMMANDING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the point
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|#(?=#(?:\[|vso\[|teamcity\[))|(?<=^\s*):(?=:)/g

const NAMED: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escaped = (character: string): string => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`

/**
 * Makes an untrusted text safe within a line: escapes control characters, characters that are invisible or change the
 * writing direction, and workflow commands of GitHub Actions (`::` at the beginning of a line, `##[` anywhere). A line
 * break becomes `\\n`, so that no text can look like a line of chaos.
 */
export const printable = (text: string): string =>
  text.replace(COMMANDING, (character) => NAMED[character] ?? escaped(character))

/** Like `printable`, but preserves line breaks and tabs. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n')

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const COLOURS = /(\u001b\[[0-9;]*m)/

/**
 * Escapes control characters and CI commands in finished lines. All output passes through this function, because
 * wrapping may move a command to the beginning of a line. `colours` preserves chaos's colours.
 */
export function harmlessOutput(text: string, { colours }: { readonly colours: boolean }): string {
  if (!SUSPICIOUS.test(text)) return text
  return text
    .split('\n')
    .map((line) => (SUSPICIOUS.test(line) ? harmlessLine(line, colours) : line))
    .join('\n')
}

/** Matches what `COMMANDING` matches, except tabs and line feeds. The ESC of colours also matches. */
const SUSPICIOUS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|##(?:\[|vso\[|teamcity\[)|^\s*::/m

function harmlessLine(line: string, colours: boolean): string {
  if (!colours) return line.replace(COMMANDING, (character) => (character === '\t' ? character : escaped(character)))
  // `::` is a command only at the beginning of a line. Colours before it do not count, because a CI log may omit them.
  let isStart = true
  return line
    .split(COLOURS)
    .map((part, i) => {
      if (i % 2 === 1) return part
      const isKept = (character: string): boolean => character === '\t' || (character === ':' && !isStart)
      const safe = part.replace(COMMANDING, (character) => (isKept(character) ? character : escaped(character)))
      if (part.trim() !== '') isStart = false
      return safe
    })
    .join('')
}
