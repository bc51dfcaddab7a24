import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Missed, SimulatedFinding } from 'chaosproxy/matchers'
import { TestRunner } from 'vitest'

/** Attaches the HTML report of a failed history to the current test. */
export function attachReport({ message, html }: Missed): void {
  const test = TestRunner.getCurrentTest()
  if (test === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'))
  const page = join(directory, 'report.html')
  writeFileSync(page, html())
  const [title = ''] = message.split('\n')
  // The promise is not awaited, because Vitest itself copies the page before the test ends.
  void test.context
    .annotate(title, { path: page, contentType: 'text/html' })
    .finally(() => rmSync(directory, { recursive: true, force: true }))
}

/** Attaches the replay file of a search's finding to the current test. */
export function attachFinding({ found: { cause, sentence }, replay }: SimulatedFinding): void {
  const test = TestRunner.getCurrentTest()
  void test?.context.annotate(`${cause}: ${sentence}`, { path: replay, contentType: 'application/json' })
}
