import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { retriedAs } from './retried-tests.ts'

/**
 * Names, in the last lines, every test that was skipped or tried again, each with the reason: what nobody sees is not
 * mended.
 */
export class LastLinesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = (state?: 'skipped') => modules.flatMap((module) => [...module.children.allTests(state)])
    list(
      'Skipped',
      tests('skipped').map((test) => `${nameOf(test)}${whySkipped(test)}`),
    )
    list(
      'Tried again',
      tests()
        .filter((test) => (test.diagnostic()?.retryCount ?? 0) > 0)
        .map((test) => `${nameOf(test)}, then ${test.result().state}${firstError(test)} (${whyTriedAgain(test)})`),
    )
  }
}

function list(what: string, lines: readonly string[]): void {
  if (lines.length === 0) return
  console.log(`${what}, ${lines.length} of them:`)
  for (const line of lines) console.log(`  ${line}`)
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} › ${test.fullName.replaceAll(' > ', ' › ')}`

function whySkipped(test: TestCase): string {
  const result = test.result()
  return result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : ''
}

const firstError = (test: TestCase): string =>
  `: ${test.result().errors?.[0]?.message.split('\n')[0] ?? 'no reason kept'}`

const whyTriedAgain = (test: TestCase): string => {
  const entry = retriedAs(test.module.relativeModuleId, test.name)
  return entry === undefined ? 'which no list allows' : `allowed because ${entry.reason}`
}
