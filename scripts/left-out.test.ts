import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ciSoakFiles, soakFiles } from './left-out.ts'
import { LONGEST } from './longest-first.ts'
import { patientFiles } from './test-files.ts'

const root = join(import.meta.dirname, '..')

test('the soak files that CI runs are all part of the soak', () => {
  const all = soakFiles()
  expect(ciSoakFiles().filter((file) => !all.includes(file))).toEqual([])
})

test('the soak files that are started first all exist', () => {
  expect(LONGEST.filter((file) => !existsSync(join(root, file)))).toEqual([])
})

test('a file with patient tests leaves its other tests out of the soak', () => {
  const running = patientFiles().filter(
    (file) =>
      !/import \{[^}]*\btest\b[^}]*\} from '[./a-z]*\/patient\.ts'/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(running).toEqual([])
})
