/** A test that may be tried again once, because its outcome depends on something outside this repository. */
export interface RetriedTest {
  /** From the top of the repository. */
  readonly file: string
  /** Without it, every test of the file. */
  readonly title?: string
  /** What it depends on that no change here can mend. */
  readonly reason: string
}

/**
 * All tests that may be tried again. A test that fails now and then for any other reason has a bug, or has found one.
 */
export const RETRIED: readonly RetriedTest[] = [
  {
    file: 'packages/cli/test/published.soak.test.ts',
    reason: 'npm, yarn and pnpm download what the packages depend on from a registry on the network',
  },
]

/** The entry that allows a test to be tried again. */
export const retriedAs = (file: string, title: string, list = RETRIED): RetriedTest | undefined =>
  list.find((entry) => entry.file === file && (entry.title ?? title) === title)
