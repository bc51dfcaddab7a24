import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkRoutes } from '../../../src/routes/parsing/table-checks.ts'

/**
 * Whether every request that matches the pattern `path` also matches the pattern `other`, by the definition of
 * patterns. A star at the end of a pattern stands for one or more segments.
 */
function covers(other: readonly string[], path: readonly string[]): boolean {
  const [segment, ...others] = other
  const [matched, ...rest] = path
  if (segment === undefined || matched === undefined) return segment === matched
  if (segment === '*' && others.length === 0) return true
  if (matched === '*' && rest.length === 0) return false
  const isAny = segment === '*' || segment === '{key}'
  return (isAny ? matched !== '' : segment === matched) && covers(others, rest)
}

const paths = fc.array(fc.constantFrom('a', 'b', '*', '{key}', ''), { minLength: 1, maxLength: 3 })
const methods = fc.constantFrom('GET', 'HEAD', 'GET,HEAD')

test('a route is refused if and only if one earlier route matches all of its requests', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(methods, paths), { minLength: 2, maxLength: 5 }), (drawn) => {
      const routes = drawn.map(([method, path]) => ({
        ...{ request: `${method} /${path.join('/')}`, f: 'read', key: 'query.key', value: 'path.key' },
      }))
      const hasAll = (some: string, all: string) => all.split(',').every((method) => some.split(',').includes(method))
      const isCovered = drawn.some(([method, path], i) =>
        drawn.slice(0, i).some(([other, earlier]) => hasAll(other, method) && covers(earlier, path)),
      )
      const refused = () => checkRoutes(routes, 'a test')
      if (isCovered) expect(refused).toThrow('is never reached')
      else refused()
    }),
    { numRuns: 1_000 },
  )
})

test('a table of 20,000 routes is checked without comparing every pair', () => {
  const routes = Array.from({ length: 20_000 }, (_, i) => ({ request: `GET /a${i}/{key}`, f: 'read' }))
  const before = process.cpuUsage()
  checkRoutes(routes, 'a test')
  const { user } = process.cpuUsage(before)
  expect(user / 1e6).toBeLessThan(5)
})
