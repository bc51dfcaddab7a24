import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', 'packages')

/** The test files with tests that only the soak has time for. They are found by what they import, so that none is forgotten. */
export const patientFiles = (): readonly string[] =>
  ['cli', 'targets'].flatMap((name) =>
    readdirSync(join(packages, name, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.soak)\.test\.ts$/.test(path))
      .map((path) => `packages/${name}/test/${path.replaceAll('\\', '/')}`)
      .filter((path) => /import \{[^}]*\bpatientTest\b/.test(readFileSync(join(packages, '..', path), 'utf8'))),
  )
