import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../src')
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

test('the verifier imports only its own files', () => {
  const imported = sources.flatMap(({ text }) =>
    Array.from(text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g), ([, from]) => from),
  )
  expect(imported.length).toBeGreaterThan(20)
  expect(imported.filter((from) => !/^\.\.?\/(guarantees\/)?[a-z-]+\.ts$/.test(from ?? ''))).toEqual([])
})

/** Counts lines other than comments and blank lines. */
const linesOf = (text: string): number => text.split('\n').filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line)).length

/**
 * The code for the guarantees of streams, watches and work queues is counted separately. It uses the same reader of
 * histories as the rest of the verifier, but none of its rules.
 */
test.each<[what: string, mostLines: number, areGuarantees: boolean]>([
  ['verifier', 1_485, false],
  ['patterns of guarantees', 1_150, true],
])('the source of the %s has at most %d lines', (_, mostLines, areGuarantees) => {
  const some = sources.filter(({ name }) => name.startsWith('guarantees') === areGuarantees)
  expect(some.reduce((sum, { text }) => sum + linesOf(text), 0)).toBeLessThanOrEqual(mostLines)
})
