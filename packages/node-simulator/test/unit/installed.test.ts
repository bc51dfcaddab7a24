import { expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

/** Packages that keep state in the usual places: variables, members, tables, classes, caches and their own data. */
const PACKAGES = {
  'packages/node_modules/common/index.js': `
    const table = require('./table.json')
    let count = 0
    const seen = new Set()
    const hidden = (() => { let calls = 0; return () => ++calls })()
    exports.last = 'nobody'
    exports.note = (name) => {
      const before = [count++, seen.size, hidden() - 1, table.rows.length, exports.last, require('./late.js').loads]
      seen.add(name)
      table.rows.push(name)
      exports.last = name
      return before.join()
    }`,
  'packages/node_modules/common/late.js': `exports.loads = (globalThis.loads = (globalThis.loads ?? 0) + 1) - 1`,
  'packages/node_modules/common/table.json': `{ "rows": [] }`,
  'packages/node_modules/modern/index.mjs': `
    export let count = 0
    export class Ids {
      static next = 0
      #own = 0
      take() { count++; return [Ids.next++, this.#own++].join() }
    }
    export const shared = new Ids()
    const cache = new WeakMap()
    export const cached = (key) => { const value = cache.get(key) ?? 0; cache.set(key, value + 1); return value }`,
}

const keeping = serving(`
  import common from './packages/node_modules/common/index.js'
  import { cached, count, Ids, shared } from './packages/node_modules/modern/index.mjs'
  const name = process.env.NODE_ID
  console.log(count, shared.take(), cached(Ids), Ids.prototype.mark ?? 'unmarked', common.note(name), common.mark ?? 'unmarked')
  Ids.prototype.mark = common.mark = name
  setTimeout(() => console.log('later', count, shared.take(), cached(Ids), Ids.prototype.mark, common.note(name), common.mark), 50)
`)

test('each node has its own state of an installed package, new at every start and in every run', async () => {
  const fresh = '0 0,0 0 unmarked 0,0,0,0,nobody,0 unmarked'
  const later = (node: string) => `${node}: later 1 1,1 1 ${node} 1,1,1,1,${node},0 ${node}`
  for (const seed of [1, 2, 1]) {
    const { lines } = await ran(keeping, {
      ...{ nodes: 3, seed, beside: PACKAGES },
      meanwhile: (cluster) => {
        const at = (ms: number, what: () => void) => cluster.clock.at((cluster.clock.now() + ms * 1e6) as never, what)
        at(100, () =>
          cluster.inject({ kind: 'kill', nodes: ['n2'] }, (outcome) => {
            if (outcome.type === 'injected') outcome.heal(() => {})
          }),
        )
      },
    })
    const starts = ['n1', 'n2', 'n2', 'n3']
    expect([...lines].sort()).toEqual(
      [...starts.map((node) => `${node}: ${fresh}`), ...starts.map((node) => later(node))].sort(),
    )
  }
})

test('toString of a function returns the source text of that function at every call', async () => {
  const { lines } = await ran(
    serving(`
    const { toString } = Function.prototype
    const said = (text) => console.log(text.replace(/[\\s;]+/g, ' '))
    const make = (n) => n === 0 ? () => 'one' : function other() { return 'two' }
    for (const n of [0, 1, 0, 1]) said(String(make(n)))
    const twice = make(1)
    console.log({ [twice]: 1 }[toString.call(twice)], String(twice) === twice.toString(), toString.name, toString.length)
    said(toString.call(toString) + toString.call(Map) + class A { b() {} })
    try { toString.call({}) } catch (error) { console.log(error.name) }`),
  )
  const texts = ["n1: () => 'one'", "n1: function other() { return 'two' }"]
  expect(lines.map((line) => line.replaceAll('"', "'"))).toEqual([
    ...[...texts, ...texts],
    'n1: 1 true toString 0',
    'n1: function toString() { [native code] }function Map() { [native code] }class A { b() {} }',
    'n1: TypeError',
  ])
})

test('the stack of a socket error has no lines of the simulator', async () => {
  const { lines } = await ran(
    serving(`
    import net from 'node:net'
    net.connect(9, 'localhost').on('error', (error) => console.log(error.stack))
    try { await fetch('http://localhost:9/') } catch (error) { console.log(error.cause.stack) }`),
  )
  expect(lines).toEqual(['n1: Error: connect ECONNREFUSED n1:9', 'n1: Error: connect ECONNREFUSED n1:9'])
})

/**
 * A module like `errors.js` of `bluebird`. It stores the error types in a property of `Error`, where other copies of
 * the package find them.
 */
const ERRORS = `
  var types = Error["__BluebirdErrorTypes__"]
  if (!types) {
    types = { of: process.env.NODE_ID }
    Object.defineProperty(Error, "__BluebirdErrorTypes__", { value: types, configurable: false })
  }
  exports.of = types.of`

test('copies of bluebird share error types within a node, but not between nodes or runs', async () => {
  for (const seed of [1, 2]) {
    const { lines } = await ran(
      serving(`
      import one from './a/node_modules/bluebird/js/release/errors.js'
      import other from './b/node_modules/bluebird/js/release/errors.js'
      console.log(one.of, other.of, Error.__BluebirdErrorTypes__)`),
      {
        ...{ nodes: 2, seed },
        beside: {
          'a/node_modules/bluebird/js/release/errors.js': ERRORS,
          'b/node_modules/bluebird/js/release/errors.js': ERRORS,
        },
      },
    )
    expect([...lines].sort()).toEqual(['n1: n1 n1 undefined', 'n2: n2 n2 undefined'])
  }
})

test("process.binding('util') is allowed, and process.binding('fs') is refused", async () => {
  const { lines } = await ran(serving(`console.log(process.binding('util').isDate(new Date()))`))
  expect(lines).toEqual(['n1: true'])
  await expect(ran(serving(`process.binding('fs')`))).rejects.toThrow(/process\.binding cannot be simulated/)
})
