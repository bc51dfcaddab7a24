import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** A folder with more files than this needs a page that says which file decides what. */
const MOST_FILES = 15

const packages = join(import.meta.dirname, '..', 'packages')
const rows = readdirSync(packages).filter((row) => row !== 'testing')
const folders = [...rows.map((row) => join(packages, row, 'src')), import.meta.dirname].flatMap((src) => [
  src,
  ...readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)),
])

const sourcesOf = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts')
const nameOf = (folder: string) => relative(packages, folder).replaceAll('\\', '/')
const pageOf = (folder: string) => join(folder, 'README.md')

const large = folders.filter((folder) => sourcesOf(folder).length > MOST_FILES)

test.each(large.map(nameOf))('%s has a README that names each of its files', (name) => {
  const folder = join(packages, name)
  expect(existsSync(pageOf(folder)), `write ${name}/README.md: a table, "which file decides what"`).toBe(true)
  const page = readFileSync(pageOf(folder), 'utf8')
  expect(sourcesOf(folder).filter((file) => !page.includes(file))).toEqual([])
})

const told = folders.filter((folder) => existsSync(pageOf(folder)))

test.each(told.map(nameOf))('%s has a README that names only files that exist', (name) => {
  const folder = join(packages, name)
  const named = Array.from(readFileSync(pageOf(folder), 'utf8').matchAll(/`([\w./-]+\.ts)`/g), ([, file = '']) => file)
  const around = name.startsWith('../') ? import.meta.dirname : join(packages, name.split('/')[0] ?? '')
  const files = new Set(readdirSync(around, { recursive: true, encoding: 'utf8' }).map((file) => basename(file)))
  expect(named.filter((file) => !files.has(basename(file)) && !existsSync(join(folder, file)))).toEqual([])
})

test.each(['process', 'soak'])("the README of the cli's tests names the folder of every %s test", (floor) => {
  const entries = readdirSync(join(packages, 'cli', 'test', floor), { withFileTypes: true })
  const page = readFileSync(pageOf(join(packages, 'cli', 'test')), 'utf8')
  expect(entries.filter((entry) => !entry.isDirectory() || !page.includes(`\`${entry.name}/\``))).toEqual([])
})

test('every test file is in the folder unit, process or soak', () => {
  const files = readdirSync(packages).flatMap((name) =>
    existsSync(join(packages, name, 'test'))
      ? readdirSync(join(packages, name, 'test'), { recursive: true, encoding: 'utf8' })
      : [],
  )
  expect(files.filter((file) => file.endsWith('.test.ts') && !/^(?:unit|process|soak)\//.test(file))).toEqual([])
})
