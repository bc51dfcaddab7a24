import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The folders of tests: `test` in each package that has tests, and `scripts`. */
const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`), 'scripts'].filter(
  (folder) => existsSync(join(root, folder)),
)

/** The test files whose paths match, from the root of the repository. */
export const testFiles = (pattern: RegExp): readonly string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => pattern.test(path)),
  )
