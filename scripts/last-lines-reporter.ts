import { readFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { installed } from './installed.ts'
import { retriedAs } from './retried-tests.ts'
import { reasonOf, type SkippedTest, sumsOfSkipped } from './skipped-tests.ts'

const isInstalled = (program: string): boolean => installed(program) !== undefined

/**
 * Prints at the end of a run how many tests were skipped for each reason (with SKIPPED=all, each skipped test), and
 * every test that was tried again, with the reason. Nobody fixes a problem that nobody sees.
 */
export class LastLinesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = (state?: 'skipped') => modules.flatMap((module) => [...module.children.allTests(state)])
    const skipped = tests('skipped').map(asSkipped)
    const each = (test: SkippedTest) => `${test.name}: ${reasonOf(test, isInstalled) ?? 'its file says why'}`
    if (process.env['SKIPPED'] === 'all') list('Skipped', skipped.map(each))
    else
      list('Skipped', sumsOfSkipped(skipped, isInstalled), {
        count: skipped.length,
        more: ' (SKIPPED=all names each)',
      })
    list(
      'Tried again',
      tests()
        .filter((test) => (test.diagnostic()?.retryCount ?? 0) > 0)
        .map((test) => `${nameOf(test)}, then ${test.result().state}${firstError(test)} (${whyTriedAgain(test)})`),
    )
  }
}

function list(what: string, lines: readonly string[], { count = lines.length, more = '' } = {}): void {
  if (lines.length === 0) return
  console.log(`${what}, ${count} of them${more}:`)
  for (const line of lines) console.log(`  ${line}`)
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} › ${test.fullName.replaceAll(' > ', ' › ')}`

function asSkipped(test: TestCase): SkippedTest {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return { name: nameOf(test), note, source: readFileSync(test.module.moduleId, 'utf8') }
}

const firstError = (test: TestCase): string =>
  `: ${test.result().errors?.[0]?.message.split('\n')[0] ?? 'no reason kept'}`

const whyTriedAgain = (test: TestCase): string => {
  const entry = retriedAs(test.module.relativeModuleId, test.name)
  return entry === undefined ? 'which no list allows' : `allowed because ${entry.reason}`
}
