import { historyFromObjects, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { overwrittenNotes } from '../../src/index.ts'

type Did = readonly [process: number, f: string, value: Json, more?: { readonly [member: string]: Json }]

/** Returns a history of operations that do not overlap. */
const recorded = (header: { readonly [member: string]: Json }, all: readonly Did[]) =>
  historyFromObjects([
    { chaos: 1, ...header },
    ...all.flatMap(([process, f, value, more = {}], at) =>
      [
        {
          process,
          type: 'invoke',
          f,
          key: f === 'txn' ? undefined : 'x',
          time: 2 * at,
          value: f === 'read' ? null : value,
        },
        { process, type: 'ok', f, key: f === 'txn' ? undefined : 'x', time: 2 * at + 1, value, ...more },
      ].map((event) => Object.fromEntries(Object.entries(event).filter(([, member]) => member !== undefined))),
    ),
  ])

const traffic = { model: 'register', initial: 'unknown', workload: 'traffic' }
const lost: readonly Did[] = [
  [0, 'read', 100],
  [1, 'read', 100],
  [0, 'write', 93],
  [1, 'write', 95],
]

test('overwrittenNotes reports a possible lost update if recorded reads and writes of a number overwrite each other', () => {
  expect(overwrittenNotes(recorded(traffic, lost))).toEqual([expect.stringMatching(/^1 update may be lost: .* \(x\)/)])
  expect(overwrittenNotes(recorded({ model: 'register', initial: 'unknown' }, lost))).toEqual([])
  const texts = lost.map(([by, f, value]): Did => [by, f, `${value}`])
  expect(overwrittenNotes(recorded(traffic, texts))).toHaveLength(1)
  const [one, other, first] = lost
  expect(overwrittenNotes(recorded(traffic, [one!, other!, first!, [1, 'cas', [93, 88]]]))).toEqual([])
})

test('overwrittenNotes reports a possible lost update for single SQL statements, but not inside transactions', () => {
  const alone = (process: number, ...micro: readonly Json[]): Did =>
    [...[process, 'txn', micro], { statements: [['SQL', micro.length]] }] as unknown as Did
  const header = { model: 'rw-register', initial: 'unknown' }
  const cell = 't/1/n'
  const reads = [alone(0, ['r', cell, 100]), alone(1, ['r', cell, 100])]
  const notes = (...more: readonly Did[]) => overwrittenNotes(recorded(header, [...reads, ...more]))
  const expected = [expect.stringMatching(/--unit connection/)]
  expect(notes(alone(0, ['w', cell, 93]), alone(1, ['w', cell, 95]))).toEqual(expected)
  expect(notes(alone(0, ['add', cell, -7]), alone(1, ['w', cell, 95]))).toEqual(expected)
  expect(notes(alone(0, ['w', cell, 93]), alone(1, ['add', cell, -5]))).toEqual([])
  expect(notes(alone(0, ['w', cell, 93]), alone(1, ['r', cell, 93], ['w', cell, 95]))).toEqual([])
})
