import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { LongestFirst } from './scripts/longest-first.ts'
import { sources } from './scripts/sources.ts'
import { StuckReporter } from './scripts/stuck-reporter.ts'

const project = { resolve: { alias: sources } }
const exclude = [...configDefaults.exclude, '**/*.soak.test.ts']
// The deadlines are long. A long deadline costs nothing if a test passes. A test that misses a short deadline on a busy
// machine shows no error in the code.
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } }
const stuck = new StuckReporter({ namesAfterMs: 60_000, givesUpAfterMs: 4 * timeouts.testTimeout })
/**
 * Every run uses the same histories and inputs, so that a new failure is caused by a change. The long soak draws its
 * own seed.
 */
const seeds = {
  provide: { seed: Number(process.env['SEED'] ?? 1) },
  setupFiles: ['scripts/seeds.ts', 'scripts/try-again.ts'],
}

/** Test files that change state of modules or globals of the process. Each of these files runs in its own process. */
const APART = ['packages/*/test/process/apart/**/*.test.ts', 'packages/node-simulator/test/process/**/*.test.ts']

// The folder of a test decides which command runs it: for `unit`, `npm test`; for `process`, `npm run test:commands`;
// for `soak`, `npm run test:soak`, which has a configuration of its own. CONTRIBUTING.md says which test belongs where.
export default defineConfig({
  test: {
    reporters: ['default', new LastLinesReporter(), stuck],
    sequence: { sequencer: LongestFirst },
    // The projects below have the same sources, each of which is transformed once for all of them.
    experimental: { fsModuleCache: true },
    projects: [
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'unit',
          include: ['packages/*/test/unit/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude,
          // Unit tests are quick and stay in their process, so their files share a worker and the modules that the
          // worker has imported.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'process',
          include: ['packages/*/test/process/**/*.test.ts'],
          exclude: [...exclude, ...APART],
          isolate: false,
          // These tests wait for processes much of the time, so more of them can run at once.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'process, apart',
          include: APART,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
