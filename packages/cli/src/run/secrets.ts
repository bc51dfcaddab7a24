/** Endings of the names of settings, variables and members whose values nobody else is to read. */
const ENDINGS =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|authorization|cookie|(?:api|access|private|signing)[_-]?key'
const SECRET = new RegExp(`(?:${ENDINGS})$`, 'i')
const NAMED = new RegExp(
  `([\\w-]*(?:${ENDINGS}))(=|:\\s*|\\s+)("[^"]*"|'[^']*'|(?:(?:Bearer|Basic)\\s+)?[^\\s"']+)`,
  'gi',
)

export const REMOVED = '(removed)'

export const isSecret = (name: string): boolean => SECRET.test(name)

/** The text without passwords in URLs, and without the values of options and variables that are named like secrets. */
export const textWithoutSecrets = (text: string): string =>
  text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${REMOVED}@`)
    .replaceAll(NAMED, (whole, name: string, between: string) =>
      // A word followed by another is no option unless it looks like one.
      between.trim() !== '' || name.startsWith('-') ? `${name}${between}${REMOVED}` : whole,
    )

/** The words of a command line, without secrets. */
export function wordsWithoutSecrets(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const before = words[i - 1]
    return before?.startsWith('-') && !before.includes('=') && isSecret(before) ? REMOVED : textWithoutSecrets(word)
  })
}

/** Any JSON, without what is named like a secret. */
export function jsonWithoutSecrets(json: unknown): unknown {
  if (typeof json === 'string') return textWithoutSecrets(json)
  if (Array.isArray(json))
    return json.every((item) => typeof item === 'string') ? wordsWithoutSecrets(json) : json.map(jsonWithoutSecrets)
  if (typeof json !== 'object' || json === null) return typeof json === 'function' ? undefined : json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, isSecret(name) ? REMOVED : jsonWithoutSecrets(value)]),
  )
}
