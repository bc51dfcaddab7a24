import { TestRunner } from 'vitest'

/**
 * Fails the current test if it passes before the matcher's promise settles, because then the test did not await it.
 * Without this check, a violation that is found later would fail no test.
 */
export function requireAwaited(matcher: string, promise: Promise<unknown>): void {
  const test = TestRunner.getCurrentTest()
  // While several tests run, Vitest does not tell which one called the matcher.
  if (test === undefined || test.concurrent === true) return
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  test.context.onTestFinished(() => {
    if (!isSettled && test.result?.state !== 'fail')
      throw new Error(`the test ended before ${matcher}. Await it: await expect(service).${matcher}().`)
  })
}
