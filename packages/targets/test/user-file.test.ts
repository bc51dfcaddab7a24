import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { importUserFile } from '../src/user-file/import.ts'

test('files imported at the same time print to stderr, and leave stdout as it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-user-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const files = ['one', 'two', 'three'].map((name) => join(directory, `${name}.mjs`))
  for (const file of files)
    writeFileSync(file, `process.stdout.write('loud')\nawait 0\nexport default ${file.length}\n`)
  const told = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const aside = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  const before = process.stdout.write
  expect(await Promise.all(files.map(importUserFile))).toEqual(files.map(({ length }) => length))
  expect(process.stdout.write).toBe(before)
  expect(told).not.toHaveBeenCalled()
  expect(aside.mock.calls.flat().filter((text) => text === 'loud')).toHaveLength(3)
})
