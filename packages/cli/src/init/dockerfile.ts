interface FoundDockerfile {
  /** The words of ENTRYPOINT followed by those of CMD; empty if there are none. */
  readonly words: readonly string[]
  readonly exposed: readonly number[]
}

/** Reads the last stage of a Dockerfile. */
export function readDockerfile(text: string): FoundDockerfile {
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)
  const from = lines.findLastIndex((line) => /^\s*FROM\s/i.test(line))
  const stage = lines.slice(Math.max(0, from))
  const last = (instruction: string) =>
    stage.findLast((line) => new RegExp(`^\\s*${instruction}\\s`, 'i').test(line))?.replace(/^\s*\w+\s+/, '')
  const exposed = stage.flatMap((line) => /^\s*EXPOSE\s+(.*)$/i.exec(line)?.[1]?.split(/\s+/) ?? [])
  return {
    words: [...wordsOf(last('ENTRYPOINT')), ...wordsOf(last('CMD'))],
    exposed: exposed.map((port) => Number.parseInt(port, 10)).filter((port) => port > 0),
  }
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
