import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { decodeJournal, encodeRecord, openJournal } from '../../src/node/journal.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-journal-'))
afterAll(() => rmSync(directory, { recursive: true }))

const record = fc.jsonValue({ depthSize: 'small' })
const normal = (value: unknown) => JSON.parse(JSON.stringify(value))
const encode = (records: readonly unknown[]) => Buffer.from(records.map(encodeRecord).join(''))

test('a decoded journal has the records that were encoded', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const bytes = encode(records)
      const expected = { type: 'usable', records: normal(records), length: bytes.length, tornBytes: 0 }
      expect(decodeJournal(bytes)).toEqual(expected)
    }),
  )
})

test('a journal truncated at any byte returns the complete records before that byte', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), fc.nat(), (records, anywhere) => {
      const bytes = encode(records)
      const cut = anywhere % bytes.length
      const content = decodeJournal(bytes.subarray(0, cut))
      if (content.type !== 'usable') throw new Error('a torn tail is not corruption')
      expect(content.records).toEqual(normal(records).slice(0, content.records.length))
      const next = records[content.records.length]
      expect(cut - content.length).toBeLessThan(encodeRecord(next).length * 4)
      expect(content.tornBytes).toBe(cut - content.length)
      expect(encode(records.slice(0, content.records.length + 1)).length).toBeGreaterThan(cut)
    }),
  )
})

test('a journal with a flipped bit is truncated at the bit, or refused if intact records follow', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(), (records, anywhere) => {
      const bytes = encode(records)
      const bit = anywhere % (bytes.length * 8)
      const flipped = bit >> 3
      bytes[flipped] = (bytes[flipped] ?? 0) ^ (1 << (bit & 7))
      const content = decodeJournal(bytes)
      const damaged = records.findIndex((_, index) => encode(records.slice(0, index + 1)).length > flipped)
      if (damaged < records.length - 1) {
        expect(content).toMatchObject({ type: 'corrupt', record: damaged + 1 })
      } else {
        expect(content).toMatchObject({ type: 'usable', records: normal(records).slice(0, damaged) })
      }
    }),
    { numRuns: 500 },
  )
})

test('durable records are returned in order at every opening of the journal', async () => {
  const path = join(directory, 'appended')
  for (const value of [1, 2, 3]) {
    const { journal, records } = openJournal(path)
    expect(records).toHaveLength(value - 1)
    await append(journal, encodeRecord({ value }))
    journal.close()
  }
  expect(openJournal(path).records).toEqual([{ value: 1 }, { value: 2 }, { value: 3 }])
})

test('an incomplete last record is truncated, and the next record follows the last complete record', async () => {
  const path = join(directory, 'torn')
  writeFileSync(path, encodeRecord('whole') + encodeRecord('torn by a crash').slice(0, -5))
  const { journal, records, tornBytes } = openJournal(path)
  expect(records).toEqual(['whole'])
  expect(tornBytes).toBeGreaterThan(0)
  await append(journal, encodeRecord('later'))
  expect(readFileSync(path, 'utf8').trimEnd()).toBe((encodeRecord('whole') + encodeRecord('later')).trimEnd())
  journal.close()
})

test("appends fill the padding of a journal, so that few appends change the file's length", async () => {
  const path = join(directory, 'padded')
  const { journal } = openJournal(path)
  const values = Array.from({ length: 300 }, (_, value) => value)
  const lengths = new Set<number>()
  for (const value of values) {
    await append(journal, encodeRecord({ value }))
    lengths.add(statSync(path).size)
  }
  journal.close()
  expect(lengths.size).toBeLessThan(5)
  expect(openJournal(path)).toMatchObject({ records: values.map((value) => ({ value })), tornBytes: 0 })
})

test('padding after an incomplete record is truncated together with the record', async () => {
  const path = join(directory, 'torn-in-padding')
  const torn = encodeRecord('torn by a crash').slice(0, -5)
  writeFileSync(path, `${encodeRecord('whole')}${torn}${'\n'.repeat(1000)}`)
  const { journal, records, tornBytes } = openJournal(path)
  expect(records).toEqual(['whole'])
  // The first newline after the torn record counts as torn, too, because it might belong to this record.
  expect(tornBytes).toBe(torn.length + 1)
  journal.close()
  expect(readFileSync(path, 'utf8')).toBe(encodeRecord('whole'))
})

test('a journal keeps its records on a disk that has room for them but not for padding', async (context) => {
  const disk = mkdtempSync(join(directory, 'disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk]).status === 0
  if (!mounted) context.skip('needs to mount a small disk, which takes root')
  onTestFinished(() => void spawnSync('umount', ['-l', disk]))
  const path = join(disk, 'journal.log')
  const { journal } = openJournal(path)
  const text = 'x'.repeat(3000)
  await append(journal, encodeRecord(text))
  await append(journal, encodeRecord(text))
  await expect(append(journal, encodeRecord(text))).rejects.toThrow(/ENOSPC/)
  journal.close()
  expect(openJournal(path).records).toEqual([text, text])
})

test('damage before intact records of a journal is refused with the file, record and offset', () => {
  const path = join(directory, 'damaged')
  writeFileSync(
    path,
    encodeRecord('first') + encodeRecord('second').replace('second', 'secund') + encodeRecord('third'),
  )
  expect(() => openJournal(path)).toThrow(/damaged: record 2 at byte 26 is corrupt .* start the node empty/)
})

test('an append to a journal on a full disk is rejected with ENOSPC', async () => {
  const { journal } = openJournal('/dev/full')
  await expect(append(journal, encodeRecord('lost'))).rejects.toThrow(/ENOSPC/)
})

function append(
  journal: { append: ReturnType<typeof openJournal>['journal']['append'] },
  batch: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(batch, (error) => (error === undefined ? resolve() : reject(error)))
  })
}
