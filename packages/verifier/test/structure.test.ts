import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '..', 'src')
const sources = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

test('the verifier imports nothing but its own files', () => {
  const imported = sources.flatMap(({ text }) =>
    Array.from(text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g), ([, from]) => from),
  )
  expect(imported.length).toBeGreaterThan(20)
  expect(imported.filter((from) => !/^\.\/[a-z]+\.ts$/.test(from ?? ''))).toEqual([])
})

/** Without comments and blank lines. */
const linesOf = (text: string): number => text.split('\n').filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line)).length

const MOST_LINES = 1_480

test(`the verifier has at most ${MOST_LINES} lines`, () => {
  expect(sources.reduce((sum, { text }) => sum + linesOf(text), 0)).toBeLessThanOrEqual(MOST_LINES)
})
