import { expect, test } from 'vitest'
import { packagesIn } from '../src/program/packages.ts'
import { asFunctionBody, statementsOf } from '../src/program/rewrite.ts'

const RUNTIME = `import { createRequire } from "node:module";
// \\0rolldown/runtime.js
var __create = Object.create;
var __commonJSMin = (cb, mod) => () => (mod || (cb((mod = { exports: {} }).exports, mod, mod.exports), cb = null), mod.exports);
var __toESM = (mod) => __create(mod);
var __require = /* #__PURE__ */ (() => createRequire(import.meta.url))();
`
/** A module in CommonJS, as the bundler writes it. */
const loader = (file: string, name: string, body: string): string =>
  `// ${file}\nvar ${name} = /* @__PURE__ */ __commonJSMin(((exports, module) => {\n${body}\n}));\n`

/** The names of the modules that can be loaded apart, and those that the rest asks for. */
function apartIn(...modules: readonly string[]) {
  const code = RUNTIME + modules.join('')
  const statements = statementsOf(code)
  const found = packagesIn(statements, code, (file) => file.includes('node_modules'))
  const names = [...(found?.loaders ?? [])].map((each) => /require_\w+/.exec(code.slice(each.start, each.end))?.[0])
  return { names, asked: found?.names ?? [], code, statements, found }
}

const ms = loader('node_modules/ms/index.js', 'require_ms', 'exports.day = 24')
const debug = loader('node_modules/debug/index.js', 'require_debug', 'exports.debug = require_ms().day')

test('modules of installed packages in CommonJS are loaded apart, and the rest asks for what it uses of them', () => {
  const own = loader('src/own.cjs', 'require_own', 'exports.own = require_debug().debug')
  const { names, asked } = apartIn(ms, debug, own, '// src/server.js\nconsole.log(require_own());\n')
  expect([names, asked]).toEqual([['require_ms', 'require_debug'], ['require_debug']])
})

test('not so one that uses what the program’s own files make, and none that rests on it', () => {
  const plugin = loader('node_modules/plugin/index.js', 'require_plugin', 'exports.own = require_own()')
  const above = loader('node_modules/above/index.js', 'require_above', 'exports.all = [require_plugin(), require_ms()]')
  const own = loader('src/own.cjs', 'require_own', 'exports.own = 1')
  expect(apartIn(ms, own, plugin, above, 'require_above();\n').names).toEqual(['require_ms'])
})

test('a name of the program’s own that a package has for something else is no use of it', () => {
  const server = '// src/server.js\nconst app = 1, key = 2, name = 3, label = 4;\nconsole.log(require_p());\n'
  const body = `
    function app() { return { key: 1, name() {} } }
    label: for (const name of [app()]) { exports.app = name.key; continue label }
    try { throw 1 } catch (key) { exports.key = key }
    module.exports = class { label = exports.app }`
  expect(apartIn(loader('node_modules/p/index.js', 'require_p', body), server).names).toEqual(['require_p'])
})

test('both parts have every line where the bundle has it, and are whole together', () => {
  const { code, statements, found } = apartIn(ms, debug, '// src/server.js\nexport default require_debug().debug;\n')
  const apart = asFunctionBody(code, statements, (each) => found?.statements.has(each) === true).text
  const own = asFunctionBody(code, statements, (each) => found?.loaders.has(each) !== true).text
  for (const line of ['exports.day = 24', 'exports.debug = require_ms().day']) {
    const at = code.split('\n').indexOf(line)
    expect([apart.split('\n')[at], own.split('\n')[at]]).toEqual([line, ''])
  }
  expect(own).toContain('= require_debug().debug')
  expect(own).not.toContain('require_ms()')
  expect(apart).not.toContain('__commonJSMin =')
})

test('a bundle without such modules is whole', () => {
  expect(apartIn('// src/server.js\nconsole.log(1);\n').found).toBeUndefined()
  expect(apartIn(loader('src/own.cjs', 'require_own', ''), 'require_own();\n').found).toBeUndefined()
})
