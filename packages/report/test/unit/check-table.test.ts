import { check, isolationLadder } from '@chaosproxy/checker'
import { historyFromEvents, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allMet, staleRead } from '../../../testing/src/timeline.ts'
import { renderCheckTable } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'
import { table } from '../../src/terminal/table.ts'
import { displayWidth } from '../../src/terminal/width.ts'

describe('the table of checked files', () => {
  const stale = staleRead()

  test('the table of checked files has a line for each file, with the reason if a file could not be checked', () => {
    const text = renderCheckTable(
      [
        { file: 'etcd_007.log', report: allMet(), history: stale.history, elapsedMs: 4, vacuous: [] },
        {
          file: 'big.jsonl',
          report: stale.report,
          history: stale.history,
          elapsedMs: 1400,
          vacuous: ['no read succeeded'],
        },
        { file: 'notes.txt', trouble: 'notes.txt: line 1 is neither JSON nor EDN' },
      ],
      plainStyle,
      { width: 100, unicode: true },
    )
    expect(text).toMatch(/etcd_007\.log +register +4 +✔ +✔ +✔ +✔ +4\.0 ms/)
    expect(text).toMatch(/big\.jsonl +register +4 +✘ line 8 +\? out of time after… +\? not asked for +✔ +1\.40 s/)
    expect(text).toContain('✘ notes.txt: line 1 is neither JSON nor EDN')
    expect(text).toContain('⚠ big.jsonl proves little: no read succeeded')
  })

  test('the table of checked files has columns for the main levels of isolation, and for the expected level', () => {
    const value = [['r', 'x', null]]
    const history = historyFromEvents([
      { process: 0, type: 'invoke', f: 'txn', value },
      { process: 0, type: 'ok', f: 'txn', value },
    ])
    const report = check(history, {
      model: 'rw-register',
      initial: null,
      failedCas: 'drop',
      levels: isolationLadder.levels,
      deadlineMs: millis(1000),
      now: () => millis(0),
      memoryBytes: 1e9,
    })
    const row = { file: 'a.jsonl', report, history, elapsedMs: 4, vacuous: [] }
    const titles = (expected?: string): string | undefined =>
      renderCheckTable([{ ...row, expected }], plainStyle, { width: 140, unicode: true }).split('\n')[0]
    expect(titles()).toMatch(/ops +strict-serializable +serializable +snapshot-isolation +read-committed +time$/)
    expect(titles('prefix')).toMatch(/read-committed +prefix +time$/)
    expect(titles('none')).toBe(titles())
    const narrow = renderCheckTable([row], plainStyle, { width: 48, unicode: true })
    expect(narrow.split('\n')[0]).toMatch(/strict +SER +SI +RC +time$/)
  })

  test('the table of checked files fits the width of the terminal, and shortens or omits reasons if necessary', () => {
    const row = {
      file: 'a-rather-long-name-of-a-file.jsonl',
      report: stale.report,
      history: stale.history,
      elapsedMs: 4,
      vacuous: [],
    }
    for (const width of [80, 90, 100, 120, 140])
      for (const line of renderCheckTable([row], plainStyle, { width, unicode: true }).split('\n'))
        expect(displayWidth(line), line).toBeLessThanOrEqual(width)
  })

  test('the rows of the table are equally wide, whatever their cells contain', () => {
    const cell = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('✔', '数据库', 'é', '🙂'))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), (rows) => {
        const clean = rows.map((row) => row.map((text) => text.replace(/\p{C}/gu, '')))
        const lines = table([{ title: 'a' }, { title: 'b', align: 'right' }, { title: 'c' }], clean, (text) => text)
        expect(new Set(lines.map(displayWidth)).size).toBe(1)
      }),
    )
  })
})
