import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asFunctionBody, NULL, throwAsNull } from '../../src/program/rewrite.ts'
import { listedOf, tableOf } from '../../src/program/tables.ts'

const large = (more = ''): string =>
  `module.exports = {\n${Array.from({ length: 200 }, (_, i) => `"k${i}": { n: [${i}, null, "x"] },`).join('\n')}\n${more}}`

test('a large data table is replaced by a call that creates an equal table, at unchanged line numbers', () => {
  const code = `${large('7: true')}\nlast()`
  const { text, tables } = asFunctionBody(code)
  expect(text.split('\n')).toHaveLength(code.split('\n').length)
  expect(text.trim().split('\n').at(-1)).toBe('last()')
  const module = { exports: {} }
  new Function('module', '__chaosTable', 'last', text)(
    module,
    (i: number) => tableOf(tables[i] ?? {}),
    () => {},
  )
  const real = { exports: {} }
  new Function('module', 'last', code)(real, () => {})
  expect(JSON.stringify(module.exports)).toBe(JSON.stringify(real.exports))
})

test.each(['f() {}', 'f: () => 1', '[k]: 1', '...k', '__proto__: null', 'r: /x/', 'b: 1n', 'k', 'n: -k', 't: `x`'])(
  'a table with the member %s is left unchanged, because the member is not plain data',
  (member) => {
    const { text, tables } = asFunctionBody(large(member))
    expect([text, tables]).toEqual([large(member), []])
  },
)

test('asFunctionBody extracts no table from an object literal that is small or not assigned to `module.exports`', () => {
  expect(asFunctionBody('module.exports = { a: 1 }').tables).toEqual([])
  expect(asFunctionBody(large().replace('module.exports', 'other.exports')).tables).toEqual([])
})

const DATA = { a: { list: [1, 2] }, b: [{ c: 3 }], 2: 'two', 1: null }
type Made = { [key: string]: unknown }

const key = fc.constantFrom('a', 'b', '1', '2', 'new', 'toString')
const step = fc.record({
  what: fc.constantFrom('get', 'in', 'has', 'set', 'delete', 'keys', 'change', 'define', 'freeze', 'inherit', 'proto'),
  key,
})

function act(object: Made, { what, key }: { readonly what: string; readonly key: string }): unknown {
  switch (what) {
    case 'get': {
      const first = object[key]
      return first === object[key] && first
    }
    case 'in':
      return key in object
    case 'has':
      return Object.getOwnPropertyDescriptor(object, key)
    case 'set':
      return Reflect.set(object, key, 'set')
    case 'delete':
      return Reflect.deleteProperty(object, key)
    case 'keys':
      return Object.keys(object)
    case 'change':
      return typeof object[key] === 'object' && object[key] !== null && Object.assign(object[key], { changed: 1 })
    case 'define':
      return Reflect.defineProperty(object, key, { value: 9, enumerable: false, configurable: false })
    case 'freeze':
      return Object.isFrozen(Object.freeze(object))
    case 'inherit': {
      const child = Object.create(object) as Made
      Reflect.set(child, key, 'own')
      return [child[key], Object.keys(child)]
    }
    default:
      return Reflect.setPrototypeOf(object, { inherited: true })
  }
}

test('every operation on a table from tableOf or listedOf has the same result as on an object literal', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const pairs = [
        [tableOf(DATA), structuredClone(DATA)],
        [listedOf(JSON.stringify(DATA)), Object.assign(Object.create(null), structuredClone(DATA))],
      ] as [Made, Made][]
      const [[table, literal] = [{}, {}]] = pairs
      for (const each of steps) expect(act(table, each)).toEqual(act(literal, each))
      expect(Reflect.ownKeys(table)).toEqual(Reflect.ownKeys(literal))
      expect(JSON.stringify(table)).toBe(JSON.stringify(literal))
      // A new table does not contain the changes that were made to an earlier table.
      expect({ ...tableOf(DATA) }).toEqual({ 1: null, 2: 'two', a: { list: [1, 2] }, b: [{ c: 3 }] })
      const [, [listed, plain] = [{}, {}]] = pairs
      expect([Object.keys(listed), listed['2'], 'toString' in listed]).toEqual([Object.keys(plain), 'two', false])
    }),
  )
})

test('listedOf creates each member at its first read, once, and lists the members in the order of the source', () => {
  const made: string[] = []
  const listed = listedOf('{"x":1,"y":1,"z":1}', (key) => made.push(key)) as Made
  expect([listed['z'], listed['z'], listed['none']]).toEqual([1, 1, undefined])
  expect(Object.keys(listed)).toEqual(['x', 'y', 'z'])
  expect([made, Object.getPrototypeOf(listed)]).toEqual([['z', 'x', 'y'], null])
})

test('reading a member of null in rewritten code throws the same TypeError as in the original code', () => {
  const code = 'try { null.error } catch (e) { return [e.constructor === TypeError, e.message, e.stack] }'
  const { text } = asFunctionBody(`function f() {${code}} f()`)
  expect(text).toContain(`${NULL}("error")`)
  const run = (body: string) => new Function(NULL, body)(throwAsNull) as [boolean, string, string]
  const [own, real] = [run(text.slice('function f() {'.length, -'} f()'.length)), run(code)]
  expect(own.slice(0, 2)).toEqual(real.slice(0, 2))
  const places = ([, , stack]: [boolean, string, string]) => stack.split('\n').length
  expect(places(own)).toBe(places(real))
  expect(own[2]).not.toContain('throwAsNull')
})
