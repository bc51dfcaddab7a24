import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest'
import { createProgress } from '../src/terminal/progress.ts'
import { pageWidth } from '../src/terminal/style.ts'

const before = { isTTY: process.stderr.isTTY, columns: process.stderr.columns }
let write: MockInstance<typeof process.stderr.write>

const nothing = () => true
const onTerminal = (columns: number) =>
  Object.assign(process.stderr, { isTTY: true, columns, cursorTo: nothing, clearLine: nothing, moveCursor: nothing })

beforeEach(() => {
  vi.stubEnv('CI', undefined)
  write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})

afterEach(() => {
  vi.unstubAllEnvs()
  write.mockRestore()
  Object.assign(process.stderr, before)
})

test('a terminal that does not say how wide it is gets plain lines, and pages of the usual width', () => {
  onTerminal(0)
  const progress = createProgress({ quiet: false })
  progress.update('reading history.jsonl')
  progress.stop()
  expect(write.mock.calls).toEqual([['  reading history.jsonl\n']])
  expect([0, 60, 200].map((columns) => pageWidth({ columns }))).toEqual([110, 60, 110])
})

test('progress leaves signals alone: while the checker works nobody would hear a Ctrl-C, and it must end the program', () => {
  onTerminal(80)
  const listening = process.listenerCount('SIGINT')
  const progress = createProgress({ quiet: false })
  progress.update('checking 4,000 operations')
  expect(process.listenerCount('SIGINT')).toBe(listening)
  progress.stop()
  expect(write).toHaveBeenCalled()
})
