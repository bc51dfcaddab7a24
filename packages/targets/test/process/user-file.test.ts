import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { ensureBuilt } from '../../../testing/src/build.ts'
import { importUserFile } from '../../src/user-files/import.ts'

beforeAll(ensureBuilt)

test('user files that are imported concurrently print to stderr, and process.stdout.write is restored afterwards', async () => {
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

test('loading a TypeScript file does not change Error.stackTraceLimit or Error.prepareStackTrace', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-user-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'own.ts')
  writeFileSync(file, 'export default Error.stackTraceLimit as number\nconsole.log(Error.stackTraceLimit)\n')
  const dist = join(import.meta.dirname, '../../dist')
  const imported = `
    import { importUserFile } from ${JSON.stringify(pathToFileURL(join(dist, 'user-files', 'import.js')).href)}
    const format = Error.prepareStackTrace
    await importUserFile(${JSON.stringify(file)})
    console.log(Error.stackTraceLimit, Error.prepareStackTrace === format)`
  // A separate process is needed, because in this process a compiler may already have changed `Error.stackTraceLimit`
  // and `Error.prepareStackTrace`.
  const said = (...args: readonly string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout
  expect(said('--input-type=module', '--eval', imported)).toBe('10 true\n')
  expect(said(join(dist, 'typescript', 'main.js'), file)).toBe('10\n')
})
