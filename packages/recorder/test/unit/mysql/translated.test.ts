import { type ColumnDefinition, type OkPacket, TYPE } from '@chaosproxy/wire/mysql'
import { describe, expect, test } from 'vitest'
import { fieldOf, resultMessages, tagOf } from '../../../src/mysql/translated.ts'

const rowsOf = (type: number, flags = 0) => {
  const column = { name: 'Balance', type, flags } as ColumnDefinition
  return resultMessages({ kind: 'rows', columns: [column], rows: [[Buffer.from('1')], [null], ['unread']] }, 'select')
}
const counted = (ok: Partial<OkPacket>) =>
  ({ kind: 'count', ok: { affected: 0, insertId: '0', status: 0, warnings: 0, info: '', ...ok } as OkPacket }) as const

const [INT8, TEXT, NUMERIC, JSONB] = [20, 25, 1700, 3802]
/** Types of the protocol that `TYPE` lacks: DECIMAL and three sizes of blobs. */
const [DECIMAL, TINY_BLOB, MEDIUM_BLOB, LONG_BLOB] = [0, 249, 250, 251]

describe('a result of MySQL', () => {
  test.each<readonly [number, number]>([
    [TYPE.tiny, INT8],
    [TYPE.short, INT8],
    [TYPE.long, INT8],
    [TYPE.longlong, INT8],
    [TYPE.int24, INT8],
    [TYPE.varchar, TEXT],
    [TYPE.varString, TEXT],
    [TYPE.string, TEXT],
    [TINY_BLOB, TEXT],
    [MEDIUM_BLOB, TEXT],
    [LONG_BLOB, TEXT],
    [TYPE.blob, TEXT],
    [DECIMAL, NUMERIC],
    [TYPE.newDecimal, NUMERIC],
    [TYPE.json, JSONB],
    [TYPE.bit, 255],
    [7, 7],
  ])('a MySQL column of type %i is translated into a PostgreSQL column of type %i', (type, oid) => {
    expect(rowsOf(type)).toEqual([
      {
        kind: 'row-description',
        columns: [{ name: 'balance', table: 0, attribute: 0, type: oid, size: -1, modifier: -1, format: 0 }],
      },
      { kind: 'data-row', values: [Buffer.from('1')] },
      { kind: 'data-row', values: [null] },
      { kind: 'data-row', values: [Buffer.from([0xff])] },
    ])
  })

  test.each([
    [256, TYPE.enum],
    [2048, TYPE.set],
    [32, TEXT],
  ])('a MySQL text column with the flags %i gets the type number %i', (flags, type) => {
    expect(rowsOf(TYPE.string, flags)[0]).toMatchObject({ columns: [{ type }] })
  })

  test.each<readonly [string, Partial<OkPacket>, string | undefined]>([
    ['insert', { affected: 1, insertId: '5' }, '5'],
    ['insert', { affected: 1, insertId: '1152921504606846976' }, '1152921504606846976'],
    ['insert', { affected: 1, insertId: '0' }, undefined],
    ['insert', { affected: 2, insertId: '5' }, undefined],
    ['replace', { affected: 1, insertId: '5' }, undefined],
    ['update', { affected: 1, insertId: '0' }, undefined],
  ])('the result of %s with the counts %j contains the new key %s', (first, ok, key) => {
    const values = key === undefined ? [] : [{ kind: 'data-row', values: [Buffer.from(key)] }]
    expect(resultMessages(counted(ok), first)).toEqual(values)
  })

  test.each<readonly [string, Partial<OkPacket>, boolean, string | undefined]>([
    ['insert', { affected: 2 }, false, 'INSERT 0 2'],
    ['delete', { affected: 2 }, false, 'DELETE 2'],
    ['update', { affected: 2 }, true, 'UPDATE 2'],
    ['update', { affected: 0, info: 'Rows matched: 3  Changed: 0  Warnings: 0' }, false, 'UPDATE 3'],
    ['update', { affected: 2 }, false, undefined],
    ['set', {}, false, 'SET'],
  ])('the tag of %s with the counts %j, counting found rows: %s, is %s', (text, ok, countsFound, tag) => {
    expect(tagOf(counted(ok), [{ kind: 'word', text, quoted: false }], countsFound)).toBe(tag)
  })

  test('tagOf counts returned rows, and fieldOf replaces a value that was not read by a byte that is no text', () => {
    const rows = { kind: 'rows', columns: [], rows: [[], []] } as const
    expect(tagOf(rows, [{ kind: 'word', text: 'insert', quoted: false }], false)).toBe('INSERT 0 2')
    expect(tagOf(rows, [], false)).toBe('SELECT 2')
    expect([fieldOf('unread'), fieldOf(null)]).toEqual([Buffer.from([0xff]), null])
  })
})
