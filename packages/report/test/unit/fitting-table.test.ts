import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fittingTable, table } from '../../src/terminal/table.ts'

const plain = (text: string): string => text
const AIR = 2

test('a table that fits the width is printed unchanged', () => {
  const columns = [{ title: 'system' }, { title: 'lost', align: 'right' as const }]
  const rows = [['raft', '0']]
  expect(fittingTable(columns, rows, plain, { air: AIR, width: 80 })).toEqual(table(columns, rows, plain, AIR))
})

test('a table that is too wide prints its further columns below, and repeats its first column', () => {
  const columns = ['system', 'available', 'lost'].map((title) => ({ title }))
  const rows = [
    ['raft', '93.3%', '0'],
    ['quorum R=1 W=3', '71.5%', '2'],
  ]
  expect(fittingTable(columns, rows, plain, { air: AIR, width: 24 }).map((line) => line.trimEnd())).toEqual([
    'system      available',
    'raft        93.3%',
    'quorum R=1  71.5%',
    'W=3',
    '',
    'system      lost',
    'raft        0',
    'quorum R=1  2',
    'W=3',
  ])
})

test('a table that is too wide has only lines that fit, and keeps the text of every cell', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 10 })
  const row = fc.array(word, { minLength: 5, maxLength: 5 })
  fc.assert(
    fc.property(
      row,
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 22, max: 80 }),
      (titles, rows, width) => {
        const lines = fittingTable(
          titles.map((title) => ({ title })),
          rows,
          plain,
          { air: AIR, width },
        )
        expect(lines.filter((line) => line.length > width)).toEqual([])
        const words = lines.join(' ').split(/ +/)
        for (const cell of [...titles, ...rows.flat()]) expect(words).toContain(cell)
      },
    ),
  )
})
