import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { LeftOutReporter } from './scripts/left-out.ts'
import { LongestFirst } from './scripts/longest-first.ts'
import { sources } from './scripts/sources.ts'
import { StuckReporter } from './scripts/stuck-reporter.ts'

const project = { resolve: { alias: sources } }
const isShort = process.env['CHAOS_SOAK'] === 'short'
const timeouts = {
  testTimeout: (isShort ? 4 : 30) * 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
}
const stuck = new StuckReporter({ namesAfterMs: 3 * 60_000, givesUpAfterMs: 2 * timeouts.testTimeout })
const drawn = isShort ? 1 : Date.now() % 1_000_000_000
const seeds = {
  provide: { seed: Number(process.env['SEED'] ?? drawn) },
  setupFiles: ['scripts/seeds.ts', 'scripts/try-again.ts'],
}
/**
 * In a file with patient tests, the soak skips the other tests (see `test` in patient.ts). A suite without tests is
 * therefore no failure.
 */
const leavingOut = { passWithNoTests: true }
/**
 * These tests load every core, measure the speed of the machine, or look for leftovers anywhere on the machine. So each
 * file runs alone.
 */
const ALONE = 'packages/*/test/soak/alone/**/*.test.ts'
/** More than there are cores: a file uses a third of a core, and waits otherwise. */
const WORKERS = 4

// Long runs: the whole of what is claimed, many times over. CHAOS_SOAK=short does a few of each; CI names the files for
// which it has time, in scripts/ci-soak-files.
export default defineConfig({
  test: {
    reporters: ['default', new LastLinesReporter(), ...(isShort ? [new LeftOutReporter()] : []), stuck],
    // Ten failed tests probably fail for one common reason, and every further test may take its whole time limit.
    bail: isShort ? 10 : 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'alone',
          include: [ALONE],
          exclude: configDefaults.exclude,
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          ...leavingOut,
          env: { PATIENT: 'true' },
          name: 'runs',
          // Tests that run real processes, which mostly wait, and patient tests in files that also have quick tests.
          include: ['packages/cli/test/soak/**/*.test.ts', 'packages/*/test/**/*.patient.test.ts'],
          exclude: [...configDefaults.exclude, ALONE],
          // The files share their imports, because importing takes as much processor time as many of these runs.
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'side by side',
          include: ['packages/!(cli)/test/soak/**/*.test.ts', 'scripts/*.soak.test.ts'],
          exclude: [...configDefaults.exclude, ALONE],
          // Runs after the project `runs`, because tests of both projects attach to containers of projects with the
          // same name. At most two files run at once: with four, links between containers were not seen in time to
          // divert traffic.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
