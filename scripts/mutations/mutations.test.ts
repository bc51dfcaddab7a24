import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applied, pathOf, sourceOf } from './mutation.ts'
import { mutations } from './registry.ts'

// `npm run mutate` tries the mistakes, which takes minutes. These tests only check that each mistake can be tried.

const root = join(import.meta.dirname, '..', '..')
const packages = join(root, 'packages')

test.each(mutations)('the mutation $name matches one line of $file', (mutation) => {
  const source = sourceOf(root, mutation)
  const broken = applied(source, mutation)
  expect(broken, `no such line, or several: ${mutation.before}`).toBeDefined()
  expect(broken).not.toBe(source)
})

test('no two mutations have the same name', () => {
  const names = mutations.map(({ name }) => name)
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
})

test('every mutation names tests that exist', () => {
  const words = new Set(mutations.flatMap(({ package: name, tests }) => tests.map((test) => `${name}/${test}`)))
  const files = [...new Set(mutations.map(({ package: name }) => name))].flatMap((name) =>
    readdirSync(join(packages, name, 'test'), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${name}/${file.replace(/^(?:unit|process|soak)\//, '')}`,
    ),
  )
  expect([...words].filter((word) => !files.some((file) => file.startsWith(word)))).toEqual([])
})

test('every folder of the checker except proof has a mutation', () => {
  const inChecker = mutations.filter(({ package: name }) => name === 'checker')
  const folders = readdirSync(join(packages, 'checker', 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  // The folder `proof` needs no mutation: a mistake there produces wrong proofs, which the verifier refuses.
  const deciding = folders.filter(({ name }) => name !== 'proof')
  const without = deciding.filter(({ name }) => !inChecker.some(({ file }) => file.startsWith(`${name}/`)))
  expect(without.map(({ name }) => name)).toEqual([])
  expect(mutations.every((mutation) => existsSync(join(root, pathOf(mutation))))).toBe(true)
})
