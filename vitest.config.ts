import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LastLinesReporter } from './scripts/last-lines-reporter.ts'
import { sources } from './scripts/sources.ts'
import { StuckReporter } from './scripts/stuck-reporter.ts'
import { testFiles } from './scripts/test-files.ts'

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
  'packages/{history,faults,checker,verifier,workloads,wire,recorder,protocols,runner,simulator,simulated-postgresql,simulated-redis,report,scenarios}/test/**/*.test.ts'

/** These take seconds each: long searches, large histories, servers on packages of others. Tests beside them are quick. */
const LONG = [
  'packages/simulator/test/{bugs,determinism,marks,replicated-objects,search,seeds,shortcut,systems/systems,windows/windows}.test.ts',
  'packages/checker/test/{asked-alone,frugal,many-keys,medium-objects,uncut}.test.ts',
  'packages/proxy/test/{http/{pipelining,under-faults},integrity,tcp/shapes}.test.ts',
  'packages/console/test/saved.test.ts',
  'packages/engine/test/{arrivals,interruption,large,long-key}.test.ts',
  'packages/node-simulator/test/{messages,middleware}.test.ts',
  'packages/{simulated-postgresql,simulated-redis}/test/services/*.test.ts',
]

/** These open sockets, threads and files. */
const IN_PROCESS = 'packages/{proxy,node-simulator,engine,console,assertions}/test/**/*.test.ts'

/** These start commands, clusters and clients. */
const STARTING = 'packages/{cli,targets,databases,undici,vitest,playwright,testcontainers}/test/**/*.test.ts'

/** One pass of each command. */
const PASSES = 'packages/cli/test/each-command.test.ts'

/** The files of tests with such a line. */
const withLine = (pattern: RegExp): string[] =>
  testFiles(/^packages\/.*(?<!\.soak)\.test\.ts$/).filter((path) =>
    pattern.test(readFileSync(join(import.meta.dirname, path), 'utf8')),
  )

/** These are about servers of others, which they start. */
const SERVERS = [...withLine(/^const .* = \[?installed\(/m), 'packages/proxy/test/real-clients.test.ts']

/** These put modules in the place of ours, or add what our modules read once, and so share no module with other files. */
const CHANGING = withLine(/\bvi\.mock\(|\bmergeExtensions\(|\((?:models|workloads) as .*\.push\(/)

// Two floors: `npm test` runs what is pure and what stays in its process; `npm run test:commands` the projects whose
// names begin with "commands".
export default defineConfig({
  test: {
    reporters: ['default', new LastLinesReporter(), stuck],
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
          exclude: [...exclude, ...LONG],
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
          name: 'in process',
          include: [IN_PROCESS, 'scripts/**/*.test.ts', PASSES],
          exclude: [...exclude, ...LONG, ...SERVERS, ...CHANGING],
          isolate: false,
          // They wait for sockets much of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'commands',
          include: [STARTING, ...LONG, ...SERVERS],
          exclude: [...exclude, PASSES, ...CHANGING],
          isolate: false,
          // They wait for processes much of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...project,
        test: {
          ...timeouts,
          ...seeds,
          name: 'commands that change modules',
          include: CHANGING,
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
