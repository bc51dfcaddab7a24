/** Endings of the names of settings, variables and members that hold secrets. */
const ENDINGS =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|authorization|cookie|(?:api|access|private|signing)[_-]?key'
const SECRET = new RegExp(`(?:${ENDINGS})$`, 'i')
const NAMED = new RegExp(
  `([\\w-]*(?:${ENDINGS}))(=|:\\s*|\\s+)("[^"]*"|'[^']*'|(?:(?:Bearer|Basic)\\s+)?[^\\s"']+)`,
  'gi',
)

export const REMOVED = '(removed)'

export const isSecret = (name: string): boolean => SECRET.test(name)

/** Removes passwords from URLs, and the values of options and variables whose names look secret. */
export const textWithoutSecrets = (text: string): string =>
  text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${REMOVED}@`)
    .replaceAll(NAMED, (whole, name: string, between: string) =>
      // Without `=` or `:` between them, a name and a value are only an option if the name has a dash.
      between.trim() !== '' || name.startsWith('-') ? `${name}${between}${REMOVED}` : whole,
    )

/** Removes secrets from the words of a command line. */
export function wordsWithoutSecrets(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const before = words[i - 1]
    return before?.startsWith('-') && !before.includes('=') && isSecret(before) ? REMOVED : textWithoutSecrets(word)
  })
}

/** Removes the values of members whose names look secret. */
export function jsonWithoutSecrets(json: unknown): unknown {
  if (typeof json === 'string') return textWithoutSecrets(json)
  if (Array.isArray(json))
    return json.every((item) => typeof item === 'string') ? wordsWithoutSecrets(json) : json.map(jsonWithoutSecrets)
  if (typeof json !== 'object' || json === null) return typeof json === 'function' ? undefined : json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, isSecret(name) ? REMOVED : jsonWithoutSecrets(value)]),
  )
}
