import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const packages = join(root, 'packages')
const folders = readdirSync(packages).filter((folder) => folder !== 'testing')
const read = (...path: string[]) => readFileSync(join(packages, ...path), 'utf8')
const manifest = (folder: string) => JSON.parse(read(folder, 'package.json'))

/** Returns the folders of a package and of all packages of this repository on which the package depends. */
function neededBy(folder: string, found: Set<string> = new Set()): ReadonlySet<string> {
  found.add(folder)
  for (const [, other] of Object.keys(manifest(folder).dependencies ?? {}).map((name) => name.split('@chaosproxy/')))
    if (other !== undefined && !found.has(other)) neededBy(other, found)
  return found
}

test('the table of the README names every package', () => {
  const named = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `([a-z-]+)` \| /gm)
  expect(Array.from(named, ([, name]) => name).toSorted()).toEqual([...folders, 'testing'].toSorted())
})

test('all packages have the same version', () => {
  expect(new Set(folders.map((folder) => manifest(folder).version)).size).toBe(1)
})

describe.each(folders)('the published package %s', (folder) => {
  const { name, version, license, publishConfig, dependencies = {}, exports, files, ...rest } = manifest(folder)

  test('a published package has its name, public access, its licence and a README', () => {
    expect(name).toBe(folder === 'cli' ? 'chaosproxy' : `@chaosproxy/${folder}`)
    expect(rest).not.toHaveProperty('private')
    expect(publishConfig).toEqual({ access: 'public', provenance: true })
    expect(license).toBe('Apache-2.0')
    expect(read(folder, 'LICENSE')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    expect(read(folder, 'README.md')).toMatch(new RegExp(`^# ${name}\n`))
  })

  test('the example of a published package imports only names that occur in the index.ts of their package', () => {
    const [, example = ''] = /```ts\n(.*?)```/s.exec(read(folder, 'README.md')) ?? []
    for (const [, names = '', from = ''] of example.matchAll(/^import \{ (.*?) \} from '@chaosproxy\/([a-z]+)'$/gm))
      for (const imported of names.split(', ').map((each) => each.replace(/^type /, '')))
        expect(read(from, 'src', 'index.ts'), `${imported} of ${from}`).toMatch(new RegExp(`\\b${imported}\\b`))
  })

  test('a published package contains every file that it exports, and no sources', () => {
    expect(files).toEqual(expect.arrayContaining(['dist', '!dist/.tsbuildinfo', '!dist/**/*.d.ts.map']))
    expect(files).not.toContain('src')
    for (const [subpath, target] of Object.entries<{ [condition: string]: string }>(exports)) {
      if (subpath.endsWith('.json')) continue
      // Each export has only the conditions `types` and `default`. Under any other condition, some bundlers would look
      // for files that do not exist.
      expect(Object.keys(target)).toEqual(['types', 'default'])
      expect(target['types']).toBe(target['default']?.replace(/\.js$/, '.d.ts'))
      const source = target['default']?.replace('./dist/', 'src/').replace(/\.js$/, '.ts') ?? ''
      expect(existsSync(join(packages, folder, source)), source).toBe(true)
    }
  })

  test('a published package has the prepack script "tsc -b" unless it is part of the bundle of chaosproxy', () => {
    // The packages that chaosproxy needs are built for its bundle. npm packs the others as they are, so they must be
    // built first.
    if (!neededBy('cli').has(folder)) expect(rest).toHaveProperty('scripts.prepack', 'tsc -b')
  })

  test('a published package is built before the tests', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const floor of ['pretest', 'pretest:commands', 'pretest:soak'])
      expect(scripts[floor]).toBe('npm run build:tested')
    const named = [...scripts['build:tested'].matchAll(/packages\/([a-z-]+)/g)].map(([, built]) => built ?? '')
    const built = new Set(named)
    for (const each of built)
      for (const [, other = ''] of read(each, 'tsconfig.json').matchAll(/"path": "\.\.\/([a-z-]+)"/g)) built.add(other)
    expect([...built]).toContain(folder)
  })

  test('a published package depends on other packages of the same version, and only the cli depends on @types/node', () => {
    const types = Object.keys(dependencies).filter((other) => /^(typescript$|@types\/)/.test(other))
    expect(types).toEqual(folder === 'cli' ? ['@types/node'] : [])
    for (const [other, wanted] of Object.entries(dependencies))
      if (other.startsWith('@chaosproxy/')) expect(wanted, other).toBe(version)
  })
})

test('every type in the public surface of chaosproxy comes from a package that users get types for', () => {
  const seen = new Set([join(packages, 'cli', 'dist', 'index.d.ts')])
  for (const file of seen) {
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/\bfrom '([^']+)'/g)) {
      // yargs has no types of its own, and the types of tinypool also need types of browsers.
      expect(['yargs', 'tinypool'], file).not.toContain(from)
      if (from.startsWith('.')) seen.add(join(file, '..', from.replace(/\.[jt]s$/, '.d.ts')))
      if (from === '@chaosproxy/engine') seen.add(join(packages, 'engine', 'dist', 'index.d.ts'))
    }
  }
  expect(seen.size).toBeGreaterThan(5)
})

test("every package that a bundle imports is a dependency of the bundle's package", () => {
  for (const folder of ['cli', 'engine', 'console', 'targets']) {
    const { dependencies, peerDependencies } = manifest(folder)
    const bundles = readdirSync(join(packages, folder, 'bundle')).filter((name) => name.endsWith('.js'))
    const text = bundles.map((name) => read(folder, 'bundle', name)).join('\n')
    const imported = [
      ...text.matchAll(
        /^import [^;]*?from"([a-z@][^".:]*)"|^import [^;]*? from "([a-z@][^".:]*)";$|\bimport\("([a-z@][^".:]*)"\)/gm,
      ),
    ]
    const names = new Set(imported.map(([, minified, plain, late]) => packageOf(minified ?? plain ?? late ?? '')))
    const foreign = [...names].filter((name) => !builtinModules.includes(name) && name !== 'chaosproxy')
    expect(foreign.length).toBeGreaterThan(0)
    expect(foreign.filter((name) => !(name in { ...dependencies, ...peerDependencies }))).toEqual([])
  }
})

/** Libraries chosen at the start of the project. Our own code must not replace them. */
const CHOSEN = ['chalk', 'ora', 'ws', 'yargs']
const CHOSEN_FOR_TESTS = ['fast-check', 'vitest']

test.each(CHOSEN)('%s is imported by sources and declared by each package that imports it', (library) => {
  const importing = folders.filter((folder) => imports(join(packages, folder, 'src'), library))
  expect(importing).not.toEqual([])
  for (const folder of importing) expect(manifest(folder).dependencies, folder).toHaveProperty([library])
})

test.each(CHOSEN_FOR_TESTS)('%s is imported by tests and declared by the root package.json', (library) => {
  const importing = folders.filter((folder) => imports(join(packages, folder, 'test'), library))
  expect(importing.length).toBeGreaterThan(5)
  expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies).toHaveProperty([library])
})

test('the package for vitest has vitest as a peer dependency', () => {
  expect(imports(join(packages, 'vitest', 'src'), 'vitest')).toBe(true)
  expect(manifest('vitest').peerDependencies).toHaveProperty('vitest')
})

function imports(folder: string, library: string): boolean {
  const importing = new RegExp(`\\b(?:from |import\\()'${library}'`)
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(
      (name) => name.endsWith('.ts') && importing.test(readFileSync(join(folder, name), 'utf8')),
    )
  )
}

/** The package of a module: `rolldown` of `rolldown/parseAst`. */
const packageOf = (module: string): string =>
  module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')
