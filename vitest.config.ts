import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { LongestFirst } from './scripts/longest-first.ts'
import { sources } from './scripts/sources.ts'
import { StuckReporter } from './scripts/stuck-reporter.ts'

const project = { resolve: { alias: sources } }
const exclude = [...configDefaults.exclude, '**/*.soak.test.ts']
// Generous: a deadline costs nothing where all goes well, and says nothing about what is tested on a busy machine.
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } }
const stuck = new StuckReporter({ namesAfterMs: 60_000, givesUpAfterMs: 4 * timeouts.testTimeout })
/** The same histories and inputs each time, so that what fails is what was changed. The long soak draws its own. */
const seeds = {
  provide: { seed: Number(process.env['SEED'] ?? 1) },
  setupFiles: ['scripts/seeds.ts', 'scripts/try-again.ts'],
}

/** These start nothing and wait for nothing: their files share a worker, and what it has imported. */
const PURE =
  'packages/{history,faults,checker,workloads,wire,recorder,protocols,runner,simulator,report,scenarios}/test/**/*.test.ts'

/** These put modules in the place of ours, or add to our registries, and so share no module with other files. */
const CHANGING = readdirSync(join(import.meta.dirname, 'packages'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/\\]+.test.*\.test\.ts$/.test(path) && !path.includes('node_modules'))
  .map((path) => `packages/${path.replaceAll('\\', '/')}`)
  .filter((path) =>
    /vi\.mock\(|(?:\[\]\)|registered|registry)\.push\(/.test(readFileSync(join(import.meta.dirname, path), 'utf8')),
  )

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
          name: 'pure',
          include: [PURE],
          exclude,
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
          name: 'processes',
          include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...exclude, PURE, ...CHANGING],
          isolate: false,
          // They wait for processes much of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'changing modules',
          include: CHANGING,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
