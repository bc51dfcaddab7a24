import { configDefaults, defineConfig } from 'vitest/config'
import { SkippedReporter } from './scripts/skipped-reporter.ts'
import { sources } from './vitest.sources.ts'

const project = { resolve: { alias: sources } }
const timeouts = { testTimeout: 30 * 60_000, hookTimeout: 60_000 }
/** Runs on real processes, which want the machine to themselves. */
const ALONE = 'packages/cli/test/**/*.soak.test.ts'

// Long runs: the whole of what is claimed, many times over. CHAOS_SOAK=short does a few of each.
export default defineConfig({
  test: {
    reporters: ['default', new SkippedReporter()],
    projects: [
      {
        ...project,
        test: { ...timeouts, name: 'alone', include: [ALONE], fileParallelism: false, sequence: { groupOrder: 0 } },
      },
      {
        ...project,
        test: {
          ...timeouts,
          name: 'side by side',
          include: ['packages/*/test/**/*.soak.test.ts'],
          exclude: [...configDefaults.exclude, ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
