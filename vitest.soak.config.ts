import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { sources } from './vitest.sources.ts'

const project = { resolve: { alias: sources } }
const timeouts = { testTimeout: 30 * 60_000, hookTimeout: 60_000 }
const drawn = process.env['CHAOS_SOAK'] === 'short' ? 1 : Date.now() % 1_000_000_000
const seeds = { provide: { seed: Number(process.env['SEED'] ?? drawn) }, setupFiles: 'vitest.seeds.ts' }
/** Of a file with patient tests the others are left out, and with them all of some descriptions. */
const leavingOut = { passWithNoTests: true }
/** Runs on real processes, which want the machine to themselves. */
const ALONE = 'packages/cli/test/**/*.soak.test.ts'

// Long runs: the whole of what is claimed, many times over. CHAOS_SOAK=short does a few of each.
export default defineConfig({
  test: {
    reporters: ['default', new LastLinesReporter()],
    projects: [
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          // As in vitest.config.ts.
          retry: Number(process.env['RETRY'] ?? 1),
          ...leavingOut,
          name: 'alone',
          include: [ALONE],
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
          include: ['packages/*/test/**/*.soak.test.ts'],
          exclude: [...configDefaults.exclude, ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
