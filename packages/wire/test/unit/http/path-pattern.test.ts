import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePath } from '../../../src/http/path-pattern.ts'

/** Translates a pattern to an equivalent regular expression, which is short but takes exponential time. */
function byExpression(pattern: string): (path: string) => readonly string[] | null {
  const source = pattern.replace(/\{(\w+)\}|\/\*(?=\/)|\*$|[\\^$.*+?()[\]{}|]/g, (special, name?: string) => {
    if (name !== undefined) return '([^/]+)'
    if (special === '/*') return '/[^/]+'
    return special === '*' ? '.*' : `\\${special}`
  })
  const expression = new RegExp(`^${source}$`, 's')
  return (path) => expression.exec(path)?.slice() ?? null
}

const part = fc.constantFrom('{x}', '{y}', '*', '/', '/*/', 'a', 'b', '-', '.', '{', '}', 'ab', '{x}-{y}', '/{z}')
const patterns = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const paths = fc.string({ unit: fc.constantFrom('a', 'b', '-', '/', '.', '*', '{', '\n'), maxLength: 9 })

test('a path pattern matches the same paths and captures the same names as a greedy regular expression', () => {
  fc.assert(
    fc.property(patterns, fc.array(paths, { minLength: 20, maxLength: 20 }), (pattern, some) => {
      const { match } = compilePath(pattern)
      const expected = byExpression(pattern)
      // Most random paths do not match, so paths made from the pattern, with its names filled in, are added.
      const filled = some.map((path) => pattern.replaceAll(/\{\w+\}|\*/g, path.replaceAll('/', '')))
      const all = [...some, ...filled]
      expect(all.map((path) => ({ path, match: match(path) }))).toEqual(
        all.map((path) => ({ path, match: expected(path) })),
      )
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  ['/{a}{b}{c}{d}{e}{f}{g}x', `/${'a'.repeat(16_000)}`],
  ['/{a}-{b}-{c}-{d}/q', `/${'-'.repeat(16_000)}`],
  ['/{a}a{b}a{c}a{d}a{e}', `/${'a'.repeat(16_000)}/`],
])('the pattern %s rejects a path of 16,000 characters within a second of CPU time', (pattern, path) => {
  const started = process.cpuUsage()
  expect(compilePath(pattern).match(path)).toBeNull()
  const { user, system } = process.cpuUsage(started)
  // Backtracking would take years for each of these paths. The bound is on CPU time, and far above the microseconds
  // that are needed.
  expect((user + system) / 1_000).toBeLessThan(1_000)
})

test('a path of more than 16 Ki characters matches no pattern', () => {
  const { match } = compilePath('/kv/{key}')
  expect(match(`/kv/${'k'.repeat(16 * 1024 - 4)}`)).not.toBeNull()
  expect(match(`/kv/${'k'.repeat(16 * 1024 - 3)}`)).toBeNull()
})
