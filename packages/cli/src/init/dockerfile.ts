/** Returns the words of ENTRYPOINT in the last stage of a Dockerfile, followed by those of CMD; none if it has neither. */
export function commandInDockerfile(text: string): readonly string[] {
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)
  const from = lines.findLastIndex((line) => /^\s*FROM\s/i.test(line))
  const stage = lines.slice(Math.max(0, from))
  const last = (instruction: string) =>
    stage.findLast((line) => new RegExp(`^\\s*${instruction}\\s`, 'i').test(line))?.replace(/^\s*\w+\s+/, '')
  return [...wordsOf(last('ENTRYPOINT')), ...wordsOf(last('CMD'))]
}

function wordsOf(typed: string | undefined): readonly string[] {
  if (typed === undefined) return []
  try {
    const words: unknown = JSON.parse(typed)
    if (Array.isArray(words)) return words.map(String)
  } catch {
    // The shell's form.
  }
  return typed.trim().split(/\s+/)
}
