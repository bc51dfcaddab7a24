import { expect, test } from 'vitest'
import { workloadFrom } from '../src/user-files/workload-file.ts'

const workload = (functions: readonly string[], model: unknown = 'register') =>
  workloadFrom({ name: 'mine', model, functions, create: () => ({ client: () => ({ next: () => ({}) }) }) }, 'mine.ts')

const own = (functions?: readonly string[]) => ({
  name: 'stack',
  functions,
  initial: 0,
  apply: () => [0],
  key: () => '',
})

test('a workload with a function that its model does not know is refused, with the one that was meant', () => {
  expect(() => workload(['write', 'raed'])).toThrow(
    'mine.ts: "functions" has raed, which its model does not know. Did you mean read? It knows: read, write, cas',
  )
  expect(() => workload(['psuh'], own(['push', 'pop']))).toThrow('Did you mean push? It knows: push, pop')
})

test('other names of a function are known, and a model that lists none takes any', () => {
  expect(workload(['get', 'put']).functions).toEqual(['get', 'put'])
  expect(workload(['psuh'], own()).functions).toEqual(['psuh'])
})

test('an operation that is misspelt is refused with the function that was meant', () => {
  const clients = workloadFrom(
    {
      ...{ name: 'mine', model: 'register', functions: ['read', 'write'] },
      create: () => ({ client: () => ({ next: () => ({ f: 'wirte', value: 1 }) }) }),
    },
    'mine.ts',
  ).create({}, 0)
  expect(() => clients.client({} as never, 0).next()).toThrow('with an f of read, write. Did you mean write?')
})
