import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LONG_FILES } from './long-soak.ts'
import { LONGEST } from './longest-first.ts'
import { patientFiles } from './patient-files.ts'

const root = join(import.meta.dirname, '..')

test('each file that CI leaves out is there, and so is what holds its rules in CI', () => {
  const missing = LONG_FILES.flatMap(({ file, inCi }) => [file, inCi])
    .filter((path) => /^(packages|scripts)\//.test(path))
    .map((path) => path.replace(/,.*/, ''))
    .filter((path) => !existsSync(join(root, path)))
  expect(missing).toEqual([])
})

test('each file that the soak starts first is there', () => {
  expect(LONGEST.filter((file) => !existsSync(join(root, file)))).toEqual([])
})

test('a file with patient tests leaves its other tests out of the soak', () => {
  const running = patientFiles().filter(
    (file) =>
      !/import \{[^}]*\btest\b[^}]*\} from '[./a-z]*\/patient\.ts'/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(running).toEqual([])
})
