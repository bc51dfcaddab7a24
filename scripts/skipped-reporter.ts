import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** Names every test that was skipped, and why, in the last lines: a skipped test that nobody sees is a defect. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    if (skipped.length === 0) return
    console.log(`Skipped, ${skipped.length} of them:`)
    for (const test of skipped) console.log(`  ${nameOf(test)}`)
  }
}

function nameOf(test: TestCase): string {
  const result = test.result()
  const why = result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : ''
  return `${test.module.relativeModuleId} › ${test.fullName.replaceAll(' > ', ' › ')}${why}`
}
