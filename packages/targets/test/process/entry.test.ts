import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { builtEntry } from '../../src/processes/entry.ts'

let packages: string
beforeEach(() => {
  packages = mkdtempSync(join(tmpdir(), 'chaos-entry-'))
})
afterEach(() => rmSync(packages, { recursive: true }))

/** Writes the files of a package tree, each with the time of its last change in seconds. */
function tree(files: { readonly [path: string]: number }): string {
  for (const [path, seconds] of Object.entries(files)) {
    mkdirSync(dirname(join(packages, path)), { recursive: true })
    writeFileSync(join(packages, path), '')
    utimesSync(join(packages, path), seconds, seconds)
  }
  return join(packages, 'targets')
}

const built = {
  'targets/dist/node/main.js': 100,
  'targets/dist/.tsbuildinfo': 200,
  'protocols/dist/.tsbuildinfo': 200,
}

test('builtEntry returns a build that is newer than its sources', () => {
  const root = tree({ ...built, 'targets/src/node/main.ts': 150, 'protocols/src/raft.ts': 199 })
  expect(builtEntry('node', root)).toBe(join(root, 'dist', 'node', 'main.js'))
})

test('builtEntry prefers an up-to-date bundle to the build', () => {
  const root = tree({ ...built, 'targets/bundle/node.js': 200 })
  expect(builtEntry('node', root)).toBe(join(root, 'bundle', 'node.js'))
})

test('builtEntry prefers the build to an older bundle', () => {
  const root = tree({ ...built, 'targets/bundle/node.js': 200, 'history/dist/.tsbuildinfo': 201 })
  expect(builtEntry('node', root)).toBe(join(root, 'dist', 'node', 'main.js'))
})

test('builtEntry returns a build whose sources are absent', () => {
  const root = tree(built)
  expect(builtEntry('node', root)).toBe(join(root, 'dist', 'node', 'main.js'))
})

test('builtEntry throws an error with the build command if the build is missing', () => {
  const root = tree({ 'targets/src/node/main.ts': 150 })
  expect(() => builtEntry('node', root)).toThrow(/targets.dist.node.main\.js is not built. Run npm run build/)
})

test.each(['targets/src/node/host.ts', 'protocols/src/raft/machine.ts'])(
  'builtEntry throws an error that names %s if that source is newer than the build',
  (path) => {
    const root = tree({ ...built, [path]: 201 })
    expect(() => builtEntry('node', root)).toThrow(`the build is older than ${join(packages, path)}. Run npm run build`)
  },
)
