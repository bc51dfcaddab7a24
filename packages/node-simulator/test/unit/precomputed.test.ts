import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { precomputed } from '../../src/program/precomputed.ts'
import { LISTED, listedOf } from '../../src/program/tables.ts'

const here = createRequire(import.meta.url)
/** The path of version 2, and that of version 3, which Express uses. */
const copies = [here.resolve('mime-types'), createRequire(here.resolve('express')).resolve('mime-types')]

test.each(copies)('the precomputed %s exports the same values in the same order as the original', (id) => {
  const code = readFileSync(id, 'utf8')
  const made = precomputed.transform(code, id)
  expect(made?.code.split('\n').length).toBe(code.split('\n').length)
  expect(made?.code).not.toMatch(/^populateMaps/m)
  const own = {} as typeof real
  new Function('exports', 'require', LISTED, made?.code ?? '')(own, createRequire(id), listedOf)
  const real = here(id)
  expect(JSON.stringify(own)).toBe(JSON.stringify(real))
  const table = createRequire(id)('mime-db')
  expect(own.extensions['text/html']).toBe(table['text/html'].extensions)
  expect(Object.getPrototypeOf(own.types)).toBe(null)
  expect(own.lookup('page.html')).toBe('text/html')
})

test('precomputed.transform returns null for other packages, and for code of mime-types that it does not recognise', () => {
  const statement = 'populateMaps(exports.extensions, exports.types)'
  expect(precomputed.transform(statement, '/app/node_modules/other/index.js')).toBe(null)
  expect(precomputed.transform(statement, '/app/mime-types/index.js')).toBe(null)
  expect(precomputed.transform(statement, '/app/node_modules/mime-types/index.js')).toBe(null)
  expect(precomputed.transform('exports.types = {}', copies[0] ?? '')).toBe(null)
})
