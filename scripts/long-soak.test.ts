import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LONG_FILES } from './long-soak.ts'

const root = join(import.meta.dirname, '..')

test('each file that CI leaves out is there, and so is what holds its rules in CI', () => {
  const missing = LONG_FILES.flatMap(({ file, inCi }) => [file, inCi])
    .filter((path) => /^(packages|scripts)\//.test(path))
    .map((path) => path.replace(/,.*/, ''))
    .filter((path) => !existsSync(join(root, path)))
  expect(missing).toEqual([])
})
