import { expect, test } from 'vitest'
import { drawMutations, mutationsOf } from './drawn-mutations.ts'
import { applied, sourceOf } from './mutations/mutation.ts'

const ROOT = process.cwd()

test('drawMutations draws the same mutations for the same seed, and each mutation changes its source', () => {
  const drawn = drawMutations(ROOT, 'wire', 30, 1)
  expect(drawn).toHaveLength(30)
  expect(drawMutations(ROOT, 'wire', 30, 1)).toEqual(drawn)
  for (const mutation of drawn) {
    const source = sourceOf(ROOT, mutation)
    expect(applied(source, mutation), mutation.name).not.toBe(source)
  }
})

test('mutationsOf changes comparisons, numbers, negations and statements', () => {
  const source = ['function f(a: number): boolean {', '  log(a)', '  return !(a < 3 && a === 1)', '}'].join('\n')
  expect(mutationsOf('x', 'f.ts', source).map(({ after }) => after)).toEqual([
    'return (a < 3 && a === 1)',
    'return !(a <= 3 && a === 1)',
    'return !(a < (3 + 1) && a === 1)',
    'return !(a < 3 || a === 1)',
    'return !(a < 3 && a !== 1)',
    'return !(a < 3 && a === (1 + 1))',
    ';',
  ])
})

test('mutationsOf changes nothing in comments, strings and types', () => {
  const source = ['interface A {', '  readonly b: true', '}', '// a < 1', "const c = 'a < 1'", 'type D = 1 | 2'].join(
    '\n',
  )
  expect(mutationsOf('x', 'f.ts', source)).toEqual([])
})
