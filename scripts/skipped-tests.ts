/** A test that did not run. */
export interface SkippedTest {
  /** The name of the test with its file, so that it can be found. */
  readonly name: string
  /** The reason that the test gave, if any. */
  readonly note?: string | undefined
  /** The source of the test's file, which asks for programs by name. */
  readonly source: string
}

/** How many tests were skipped for each reason, most first: `176 need redis-server: sudo bash …`. */
export function sumsOfSkipped(tests: readonly SkippedTest[], isInstalled: (program: string) => boolean): string[] {
  const counts = new Map<string, number>()
  for (const test of tests) {
    const reason = reasonOf(test, isInstalled) ?? UNSTATED
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .map(([reason, count]) => `${count} ${count === 1 ? reason.replace(/^need /, 'needs ') : reason}`)
}

const UNSTATED = 'for reasons that their files state'
const LEFT_OUT = 'left to the whole soak: npm run test:soak'

/**
 * Returns why a test was skipped. This is the reason in its note or title, or else the missing programs that its file
 * asks for.
 */
export function reasonOf({ name, note, source }: SkippedTest, isInstalled: (program: string) => boolean) {
  const needed = /\bneeds? ([^()]+?)(?=\)|$| › )/.exec(note ?? name)?.[1]
  if (needed !== undefined) return `need ${needed}`
  if (note !== undefined) return `because ${note}`
  const asked = new Set(
    Array.from(source.matchAll(/\b(?:isI|i)nstalled\('([^']+)'|findProgram\('([^']+)'|'\/usr\/bin\/(\w+)'/g), named),
  )
  const missing = [...asked].filter((program) => !isInstalled(program))
  if (missing.length === 0) return source.includes("CHAOS_SOAK'] === 'short'") ? LEFT_OUT : undefined
  return `need ${missing.join(' and ')}: sudo bash scripts/install-servers.sh`
}

const named = ([, installed, found, path]: RegExpExecArray): string => installed ?? found ?? path ?? ''
