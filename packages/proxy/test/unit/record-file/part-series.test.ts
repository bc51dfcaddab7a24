import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { createPartSeries, type PartSeriesOptions } from '../../../src/record-file/part-series.ts'

/** Creates a series of parts. The first `finished` parts are written and closed. */
function series(finished: number, options: Partial<PartSeriesOptions> = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'chaos-parts-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'a', 'b')
  const troubles: string[] = []
  const parts = createPartSeries(directory, { onTrouble: (path) => void troubles.push(path), ...options })
  const finish = (number: number, newest = number + 1) => {
    writeFileSync(parts.pathOf(number), `part ${number}\n`)
    parts.finished(number, newest)
  }
  for (let number = 1; number <= finished; number++) finish(number)
  const names = () => readdirSync(directory).toSorted()
  return { directory, parts, finish, names, troubles }
}
const nameOf = (number: number) => `part-${String(number).padStart(4, '0')}.jsonl`

test('a series of record parts creates its directory, and numbers its files', () => {
  const { directory, parts, names } = series(3)
  expect(parts.pathOf(7)).toBe(join(directory, 'part-0007.jsonl'))
  expect(parts.pathOf(12_345)).toBe(join(directory, 'part-12345.jsonl'))
  expect([names(), parts.removed]).toEqual([[1, 2, 3].map(nameOf), 0])
})

test('a record keeps only its newest parts, and counts the part that is being written as one of them', () => {
  const { parts, names } = series(5, { keep: 3 })
  expect([names(), parts.removed]).toEqual([[4, 5].map(nameOf), 3])
})

test('pinned parts of a record are never removed', () => {
  const { parts, names, finish } = series(2, { keep: 2 })
  expect(names()).toEqual([nameOf(2)])
  parts.pin(3)
  parts.pin(2)
  for (const number of [3, 4, 5, 6]) finish(number)
  expect([names(), parts.removed]).toEqual([[2, 3, 6].map(nameOf), 3])
  expect([parts.sacrifice(), parts.sacrifice()]).toEqual([parts.pathOf(6), undefined])
  expect([names(), parts.removed]).toEqual([[2, 3].map(nameOf), 4])
})

test('the oldest part of a record is removed first to free space', () => {
  const { parts, names } = series(3)
  expect(parts.sacrifice()).toBe(parts.pathOf(1))
  expect([names(), parts.removed]).toEqual([[2, 3].map(nameOf), 1])
})

test('finished parts of a record are compressed, unless they are removed first', async () => {
  const { directory, parts, names, troubles } = series(3, { compress: true })
  parts.sacrifice()
  await parts.settled()
  expect(names()).toEqual([2, 3].map((number) => `${nameOf(number)}.gz`))
  expect(gunzipSync(readFileSync(join(directory, `${nameOf(2)}.gz`))).toString()).toBe('part 2\n')
  parts.sacrifice()
  expect([names(), troubles, parts.removed]).toEqual([[`${nameOf(3)}.gz`], [], 2])
})

test('a part of a record that cannot be compressed stays as it is, and is reported', async () => {
  const { parts, names, troubles } = series(0, { compress: true })
  parts.finished(1, 2)
  await parts.settled()
  expect([names(), troubles, existsSync(parts.pathOf(1))]).toEqual([[], [parts.pathOf(1)], false])
})
