import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { LongestFirst } from './scripts/longest-first.ts'
import { sources } from './vitest.sources.ts'

const project = { resolve: { alias: sources } }
const timeouts = { testTimeout: 30 * 60_000, hookTimeout: 60_000 }
const drawn = process.env['CHAOS_SOAK'] === 'short' ? 1 : Date.now() % 1_000_000_000
const seeds = {
  provide: { seed: Number(process.env['SEED'] ?? drawn) },
  setupFiles: ['vitest.seeds.ts', 'scripts/try-again.ts'],
}
/** Of a file with patient tests the others are left out, and with them all of some descriptions. */
const leavingOut = { passWithNoTests: true }
/** Runs on real processes, which want the machine to themselves. */
const ALONE = 'packages/cli/test/**/*.soak.test.ts'
/** Packs and installs, and measures nothing. */
const PUBLISHED = 'packages/cli/test/published.soak.test.ts'

// Long runs: the whole of what is claimed, many times over. CHAOS_SOAK=short does a few of each.
export default defineConfig({
  test: {
    reporters: ['default', new LastLinesReporter()],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          ...leavingOut,
          name: 'alone',
          include: [ALONE],
          exclude: [...configDefaults.exclude, PUBLISHED],
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'side by side',
          include: ['packages/!(cli)/test/**/*.soak.test.ts', 'scripts/*.soak.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'published',
          include: [PUBLISHED],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
