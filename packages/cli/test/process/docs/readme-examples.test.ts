import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const packages = join(root, 'packages')
const compilerOptions = {
  ...{ strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: true },
  ...{ module: 'NodeNext', target: 'ES2023', lib: ['ES2023', 'DOM'], types: ['node'] },
}

/** Returns a directory that has the first TypeScript example of each README as a file, and the modules of the packages. */
function examples(): string {
  const cwd = temporaryDirectory()
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'))
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  for (const row of readdirSync(packages)) {
    // The example of testcontainers imports a package that is not installed here.
    if (row === 'testing' || row === 'testcontainers') continue
    const readme = readFileSync(join(packages, row, 'README.md'), 'utf8')
    writeFileSync(join(cwd, `${row}.ts`), /```ts\n(.*?)```/s.exec(readme)?.[1] ?? 'no example')
  }
  return cwd
}

test('the TypeScript examples in the README of each package have valid types', async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { exitCode, stdout, stderr } = await startProcess(process.execPath, [tsc, '-p', examples()]).finished
  expect({ exitCode, text: stdout + stderr }).toEqual({ exitCode: 0, text: '' })
})
