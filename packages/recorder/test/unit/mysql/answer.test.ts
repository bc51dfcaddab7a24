import { describe, expect, test } from 'vitest'
import { MORE, ok, refused, rows } from '../../../../wire/test/mysql/server-packets.ts'
import { type Answer, AnswerReader } from '../../../src/mysql/answer.ts'

/** Returns the payloads of these packets. Each payload follows its length and number. */
function payloadsOf(packets: Buffer): readonly Buffer[] {
  const payloads: Buffer[] = []
  for (let at = 0; at < packets.length; ) {
    const end = at + 4 + packets.readUIntLE(at, 3)
    payloads.push(packets.subarray(at + 4, end))
    at = end
  }
  return payloads
}

/** Returns the answers that these packets complete. */
function readAll(packets: Buffer): readonly Answer[] {
  const reader = new AnswerReader()
  return payloadsOf(packets).flatMap((payload) => reader.read(payload) ?? [])
}

/** Returns the rows of an answer as text. */
const rowsIn = ([answer]: readonly Answer[]) =>
  answer?.kind === 'done' && answer.result.kind === 'rows'
    ? answer.result.rows.map((row) => row.map((value) => (value === null ? null : String(value))))
    : undefined

describe('the answer of a MySQL server', () => {
  test.each([10_000, 10_001, 10_002])('of a MySQL answer with %i rows, at most 10,001 rows are read', (count) => {
    const found = rowsIn(
      readAll(
        rows(
          ['a'],
          Array.from({ length: count }, (_, i) => [`${i}`]),
        ),
      ),
    )
    expect([found?.length, found?.at(-1)]).toEqual([Math.min(count, 10_001), [`${Math.min(count, 10_001) - 1}`]])
  })

  test('the values of a MySQL answer stay correct after the memory of its packets is reused', () => {
    const packets = rows(['a', 'b'], [['1', null]])
    const answers = readAll(packets)
    packets.fill(0)
    expect(rowsIn(answers)).toEqual([['1', null]])
  })

  test('an answer of MySQL with several results has the first result, and the warnings of all results', () => {
    const more = { status: MORE, warnings: 2 }
    const answers = readAll(Buffer.concat([rows(['a'], [['1']], more), rows(['b'], [['2']], more), ok({ status: 2 })]))
    expect(answers).toMatchObject([{ kind: 'done', status: 2, warnings: 4 }])
    expect(rowsIn(answers)).toEqual([['1']])
  })

  test('an error of MySQL is read at the start of an answer, and after some of its rows', () => {
    const cut = Buffer.concat([...rowsWithoutEnd(), refused(1317)])
    for (const packets of [refused(1317), cut])
      expect(readAll(packets)).toMatchObject([{ kind: 'refused', error: { code: 1317 } }])
  })
})

/** Returns the packets of an answer with one row, without the packet that ends the rows. */
function rowsWithoutEnd(): readonly Buffer[] {
  const packets = rows(['a'], [['1']])
  const [last = Buffer.alloc(0)] = payloadsOf(packets).slice(-1)
  return [packets.subarray(0, packets.length - 4 - last.length)]
}
