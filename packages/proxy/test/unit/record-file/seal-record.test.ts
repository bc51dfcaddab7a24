import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sealRecord } from '../../../src/record-file/seal-record.ts'

test.each<readonly [string, string, number, string | undefined]>([
  ['after its whole lines, if there is room', 'aa\nbb\nincomplete', 6, 'aa\nbb\nSEAL\n'],
  ['after its whole lines, if the room is just enough', 'aa\nbb\n12345', 6, 'aa\nbb\nSEAL\n'],
  ['over its last line, if the room is one byte short', 'aa\nbb\n1234', 6, 'aa\nSEAL\n'],
  ['over its last lines, if there is no room', 'aa\nbb\ncc\n', 9, 'aa\nSEAL\n'],
  ['over a long line', `aa\n${'b'.repeat(50)}\n`, 54, 'aa\nSEAL\n'],
  ['not at all, if it has no line to end after', `${'b'.repeat(50)}\n`, 51, undefined],
  ['not at all, if it is shorter than the seal', 'aa\n', 3, undefined],
  ['over everything, if there is no whole line', 'incomplete', 0, 'SEAL\n'],
])('a record file on a full disk is sealed %s', (_, content, wholeBytes, sealed) => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-seal-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'history.jsonl')
  writeFileSync(path, content)
  expect(sealRecord(path, wholeBytes, 'SEAL\n')).toBe(sealed !== undefined)
  expect(readFileSync(path, 'utf8')).toBe(sealed ?? content)
  expect(sealRecord(join(directory, 'absent'), 0, 'SEAL\n')).toBe(false)
})
