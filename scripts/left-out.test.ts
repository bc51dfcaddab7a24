import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ciSoakFiles, soakFiles } from './left-out.ts'
import { LONGEST } from './longest-first.ts'
import { testFiles } from './test-files.ts'

const root = join(import.meta.dirname, '..')

test('every file listed in scripts/ci-soak-files is a test file of the full soak', () => {
  const all = soakFiles()
  expect(ciSoakFiles().filter((file) => !all.includes(file))).toEqual([])
})

test('every test file listed in scripts/longest-first.ts exists', () => {
  expect(LONGEST.filter((file) => !existsSync(join(root, file)))).toEqual([])
})

const importsOf = (pattern: RegExp) => (file: string) =>
  new RegExp(`import \\{[^}]*${pattern.source}[^}]*\\} from '[./a-z]*/patient\\.ts'`).test(
    readFileSync(join(root, file), 'utf8'),
  )

test('every file named .patient.test.ts also contains ordinary tests', () => {
  expect(testFiles(/\.patient\.test\.ts$/).filter((file) => !importsOf(/\btest\b/)(file))).toEqual([])
})

test('every file that uses patientTest is named .patient.test.ts', () => {
  const others = testFiles(/(?<!\.patient)\.test\.ts$/)
  expect(others.filter(importsOf(/\bpatientTest\b/))).toEqual([])
})
