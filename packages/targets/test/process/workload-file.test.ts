import { historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { definitionIn } from '../../src/user-files/import.ts'
import { workloadFrom } from '../../src/user-files/workload-file.ts'

const workload = (functions: readonly string[], model: unknown = 'register') =>
  workloadFrom({ name: 'mine', model, functions, create: () => ({ client: () => ({ next: () => ({}) }) }) }, 'mine.ts')

const own = (functions?: readonly string[]) => ({
  name: 'stack',
  functions,
  initial: 0,
  apply: () => [0],
  key: () => '',
})

test('a workload with a function that its model does not know is refused with a suggestion', () => {
  expect(() => workload(['write', 'raed'])).toThrow(
    'mine.ts: "functions" has raed, which its model does not know. Did you mean read? It knows: read, write, cas',
  )
  expect(() => workload(['psuh'], own(['push', 'pop']))).toThrow('Did you mean push? It knows: push, pop')
})

test('a workload may use synonyms such as `get`, and any function if its model lists no functions', () => {
  expect(workload(['get', 'put']).functions).toEqual(['get', 'put'])
  expect(workload(['psuh'], own()).functions).toEqual(['psuh'])
})

test('an operation with a misspelt function is refused with a suggestion', () => {
  const clients = workloadFrom(
    {
      ...{ name: 'mine', model: 'register', functions: ['read', 'write'] },
      create: () => ({ client: () => ({ next: () => ({ f: 'wirte', value: 1 }) }) }),
    },
    'mine.ts',
  ).create({}, 0)
  expect(() => clients.client({} as never, 0).next()).toThrow('with an f of read, write. Did you mean write?')
})

test('workloadFrom refuses an unknown model once the models of the configuration are loaded', () => {
  const named = { name: 'mine', model: 'stack', functions: ['push'], create: () => ({ client: () => ({}) }) }
  expect(() => workloadFrom(named, 'mine.ts')).toThrow('"model" names no model: stack')
  expect(workloadFrom(named, 'mine.ts', true).model).toBe('stack')
})

test('a history without a successful operation is vacuous', () => {
  const failed = [
    { process: 0, type: 'invoke', f: 'read', key: 'x', value: null },
    { process: 0, type: 'fail', f: 'read', key: 'x', value: null, error: 'status 404' },
  ] as const
  const { vacuous } = workload(['read', 'write'])
  expect(vacuous(historyFromEvents([]))).toEqual(['no operation succeeded'])
  expect(vacuous(historyFromEvents(failed))).toEqual(['no operation succeeded (1 of 1: status 404)'])
  const [asked] = failed
  expect(vacuous(historyFromEvents([asked, { ...asked, type: 'ok' }]))).toEqual([])
})

test('a file may export what defineWorkload, defineModel and defineReporter return', () => {
  const mine = { name: 'mine', model: 'register', functions: ['read'], create: () => ({ client: () => ({}) }) }
  expect(workloadFrom({ kind: 'workload', workload: mine }, 'mine.ts').name).toBe('mine')
  expect(definitionIn({ kind: 'model', model: own() }, 'model')).toMatchObject({ name: 'stack' })
  expect(definitionIn({ kind: 'reporter', reporter: {}, report: String }, 'report')).toBe(String)
  for (const plain of [mine, own(), String, null, undefined]) expect(definitionIn(plain, 'model')).toBe(plain)
})
