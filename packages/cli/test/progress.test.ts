import { expect, onTestFinished, test, vi } from 'vitest'
import { createProgress } from '../src/terminal/progress.ts'
import { pageWidth } from '../src/terminal/style.ts'

test('a terminal that does not say how wide it is gets plain lines, and pages of the usual width', () => {
  vi.stubEnv('CI', undefined)
  const before = { isTTY: process.stderr.isTTY, columns: process.stderr.columns }
  Object.assign(process.stderr, { isTTY: true, columns: 0 })
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    write.mockRestore()
    Object.assign(process.stderr, before)
  })
  const progress = createProgress({ quiet: false })
  progress.update('reading history.jsonl')
  progress.stop()
  expect(write.mock.calls).toEqual([['  reading history.jsonl\n']])
  expect([0, 60, 200].map((columns) => pageWidth({ columns }))).toEqual([110, 60, 110])
})
