import type { Missed } from 'chaosproxy/matchers'
import { TestRunner } from 'vitest'

interface Violation {
  readonly attempt: number
  readonly message: string
}

/** The keys are Vitest's test objects. All attempts of a test share one. */
const violations = new WeakMap<object, Violation>()

export function rememberViolation({ met, message }: Missed): void {
  const test = TestRunner.getCurrentTest()
  if (test === undefined || met !== false || violations.has(test)) return
  violations.set(test, { attempt: attemptOf(test), message })
}

/** Returns the violation that an earlier attempt of the current test found, if any. */
export function violationBefore(): string | undefined {
  const test = TestRunner.getCurrentTest()
  const violation = test === undefined ? undefined : violations.get(test)
  return test !== undefined && violation !== undefined && violation.attempt < attemptOf(test)
    ? violation.message
    : undefined
}

const attemptOf = (test: { readonly result?: { readonly retryCount?: number } }): number => test.result?.retryCount ?? 0
