import type { Missed } from 'chaosproxy/matchers'
import { TestRunner } from 'vitest'

interface Violation {
  readonly attempt: number
  readonly message: string
}

/** The first violation of each test, by Vitest's own object for it, which all attempts of a test share. */
const violations = new WeakMap<object, Violation>()

export function rememberViolation({ met, message }: Missed): void {
  const test = TestRunner.getCurrentTest()
  if (test === undefined || met !== false || violations.has(test)) return
  violations.set(test, { attempt: attemptOf(test), message })
}

/** The violation seen by an earlier attempt of the current test. */
export function violationBefore(): string | undefined {
  const test = TestRunner.getCurrentTest()
  const violation = test === undefined ? undefined : violations.get(test)
  return test !== undefined && violation !== undefined && violation.attempt < attemptOf(test)
    ? violation.message
    : undefined
}

const attemptOf = (test: { readonly result?: { readonly retryCount?: number } }): number => test.result?.retryCount ?? 0
