import { afterEach, expect, test, vi } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import { StuckReporter } from './stuck-reporter.ts'

afterEach(() => {
  vi.useRealTimers()
})

const file = { id: 'f', relativeModuleId: 'a.test.ts' } as TestModule
const slow = { id: 'f_1', fullName: 'waits', module: file } as TestCase

function reporter() {
  vi.useFakeTimers()
  const print = vi.fn()
  const giveUp = vi.fn()
  return { stuck: new StuckReporter({ namesAfterMs: 10, givesUpAfterMs: 35, print, giveUp }), print, giveUp }
}

test('the reporter names the running tests if no test ends for a while, and then aborts the run', () => {
  const { stuck, print, giveUp } = reporter()
  stuck.onTestRunStart()
  stuck.onTestModuleStart(file)
  stuck.onTestCaseReady(slow)
  vi.advanceTimersByTime(20)
  expect(print.mock.calls).toEqual(Array(2).fill(['No test has ended lately. These run:\n  a.test.ts › waits']))
  expect(giveUp).not.toHaveBeenCalled()
  vi.advanceTimersByTime(15)
  expect(print).toHaveBeenLastCalledWith(expect.stringMatching(/given up\. These run:\n {2}a\.test\.ts › waits$/))
  expect(giveUp).toHaveBeenCalledOnce()
})

test('the reporter of stuck tests prints nothing while each test ends in time, or after the last test has ended', () => {
  const { stuck, print, giveUp } = reporter()
  stuck.onTestRunStart()
  stuck.onTestModuleStart(file)
  for (let i = 0; i < 20; i++) {
    stuck.onTestCaseReady(slow)
    vi.advanceTimersByTime(9)
    stuck.onTestCaseResult(slow)
  }
  stuck.onTestModuleEnd(file)
  stuck.onTestRunEnd()
  vi.advanceTimersByTime(1000)
  expect(print).not.toHaveBeenCalled()
  expect(giveUp).not.toHaveBeenCalled()
})
