import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { testFiles } from './test-files.ts'

/**
 * The soak test files that CI runs: one for each kind of system, and one for each property that needs a long search.
 */
export const ciSoakFiles = (): readonly string[] =>
  readFileSync(join(import.meta.dirname, 'ci-soak-files'), 'utf8')
    .trim()
    .split('\n')

/** All soak test files. */
export const soakFiles = (): readonly string[] => testFiles(/\/test\/soak\/.*\.test\.ts$|\.(?:soak|patient)\.test\.ts$/)

/** At the end of a run, prints the soak test files that did not run. */
export class LeftOutReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const run = new Set(modules.map(({ relativeModuleId }) => relativeModuleId))
    const leftOut = soakFiles().filter((file) => !run.has(file))
    console.log(`Left to the whole soak (npm run test:soak), ${leftOut.length} files:`)
    for (const file of leftOut.toSorted()) console.log(`  ${file}`)
  }
}
