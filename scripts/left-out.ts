import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { testFiles } from './test-files.ts'

/** The files of the soak that CI runs: for each kind of system, and for each property that needs a long search, one. */
export const ciSoakFiles = (): readonly string[] =>
  readFileSync(join(import.meta.dirname, 'ci-soak-files'), 'utf8')
    .trim()
    .split('\n')

/** Every file of the whole soak. */
export const soakFiles = (): readonly string[] => testFiles(/\/test\/soak\/.*\.test\.ts$|\.(?:soak|patient)\.test\.ts$/)

/** Names, in the last lines, the files of the whole soak that did not run. */
export class LeftOutReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const run = new Set(modules.map(({ relativeModuleId }) => relativeModuleId))
    const leftOut = soakFiles().filter((file) => !run.has(file))
    console.log(`Left to the whole soak (npm run test:soak), ${leftOut.length} files:`)
    for (const file of leftOut.toSorted()) console.log(`  ${file}`)
  }
}
