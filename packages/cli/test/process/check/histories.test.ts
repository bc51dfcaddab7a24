import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, type Level, levels } from '@chaosproxy/checker'
import { type Json, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chaosHere, root } from '../../../../testing/src/chaos.ts'

const directory = join(root, 'histories')
const files = readdirSync(directory).filter((file) => file.endsWith('.jsonl'))
const readme = readFileSync(join(directory, 'README.md'), 'utf8')

const symbols = { met: '✔', violated: '✘', unknown: '–' }

describe.each(files)('histories/%s', (file) => {
  test('a history gets the verdicts that its first line and its row in histories/README.md state', async () => {
    const history = await readHistory(join(directory, file))
    const expected = history.header?.extra?.['expect'] as { readonly [level: string]: keyof typeof symbols }
    const report = check(history, {
      model: 'register',
      initial: history.header?.initial ?? (null as Json),
      levels,
      failedCas: 'drop',
      deadlineMs: millis(10_000),
      memoryBytes: 1e9,
      now: () => millis(performance.now()),
    })
    const found = Object.fromEntries(
      Object.keys(expected).map((level) => [level, report.levels[level as Level].result]),
    )
    expect(found).toEqual(expected)
    const row = readme.split('\n').find((line) => line.includes(`(${file})`))
    const cells = row
      ?.split('|')
      .map((cell) => cell.trim())
      .slice(3, 6)
    expect(cells).toEqual(['linearizable', 'sequential', 'eventual'].map((level) => symbols[expected[level]!]))
    expect(row).toContain(history.header?.extra?.['title'])
  })
})

test.each(files)('chaos check of %s prints at most 40 lines at a width of 80 columns', async (name) => {
  const before = process.env['COLUMNS']
  process.env['COLUMNS'] = '80'
  onTestFinished(() => {
    if (before === undefined) delete process.env['COLUMNS']
    else process.env['COLUMNS'] = before
  })
  const { stdout } = await chaosHere(['check', join(directory, name)])
  expect(stdout.split('\n').length - 1).toBeLessThanOrEqual(40)
})
