import { expect, test } from 'vitest'
import { packagesIn } from '../../src/program/packages.ts'
import { asFunctionBody, statementsOf } from '../../src/program/rewrite.ts'

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

/**
 * `names`: the modules that can be loaded separately from the rest of the bundle. `asked`: those of these modules that
 * the rest of the bundle uses.
 */
function apartIn(...modules: readonly string[]) {
  const code = RUNTIME + modules.join('')
  const statements = statementsOf(code)
  const found = packagesIn(statements, code, {
    isInstalled: (file) => file.includes('node_modules'),
    // Instead of a source map, a comment in the code names the file.
    fileAt: (offset, end) => /from: (\S+)/.exec(code.slice(offset, end))?.[1],
  })
  const names = statements
    .filter((each) => found !== undefined && found.ofRest(each) !== 'all')
    .map((each) => /\w*require_\w+|import_\w+/.exec(code.slice(each.start, each.end))?.[0])
  return { names, asked: found?.names ?? [], code, statements, found }
}

const ms = loader('node_modules/ms/index.js', 'require_ms', 'exports.day = 24')
const debug = loader('node_modules/debug/index.js', 'require_debug', 'exports.debug = require_ms().day')

test('CommonJS modules of packages are loaded separately from the program', () => {
  const own = loader('src/own.cjs', 'require_own', 'exports.own = require_debug().debug')
  const { names, asked } = apartIn(ms, debug, own, '// src/server.js\nconsole.log(require_own());\n')
  expect([names, asked]).toEqual([['require_ms', 'require_debug'], ['require_debug']])
})

test('a module that depends, even indirectly, on a file of the program is not loaded separately', () => {
  const plugin = loader('node_modules/plugin/index.js', 'require_plugin', 'exports.own = require_own()')
  const above = loader('node_modules/above/index.js', 'require_above', 'exports.all = [require_plugin(), require_ms()]')
  const own = loader('src/own.cjs', 'require_own', 'exports.own = 1')
  expect(apartIn(ms, own, plugin, above, 'require_above();\n').names).toEqual(['require_ms'])
})

test('a variable of a package does not count as a use of a variable of the program with the same name', () => {
  const server = '// src/server.js\nconst app = 1, key = 2, name = 3, label = 4;\nconsole.log(require_p());\n'
  const body = `
    function app() { return { key: 1, name() {} } }
    label: for (const name of [app()]) { exports.app = name.key; continue label }
    try { throw 1 } catch (key) { exports.key = key }
    module.exports = class { label = exports.app }`
  expect(apartIn(loader('node_modules/p/index.js', 'require_p', body), server).names).toEqual(['require_p'])
})

/** A module that the bundler has inlined at its only use. */
const within = (file: string, body: string): string =>
  `// src/server.js\nvar import_p = /* @__PURE__ */ __toESM((/* @__PURE__ */ __commonJSMin(((exports, module) => {
// from: ${file}
${body}
})))(), 1);\nconsole.log(import_p);\n`

test('packagesIn separates an inlined module from a bundle only if the module is from a package', () => {
  const { names, asked } = apartIn(ms, within('node_modules/p/index.js', 'module.exports = require_ms()'))
  expect([names, asked]).toEqual([['require_ms', 'import_p'], ['__chaosLoader1']])
  const own = apartIn(ms, within('src/own.cjs', 'module.exports = require_ms()'))
  expect([own.names, own.asked]).toEqual([['require_ms'], ['require_ms']])
})

test('a divided bundle has each line in exactly one of its parts, at the original line number', () => {
  const server = within('node_modules/p/index.js', 'exports.two = require_debug().debug')
  const { code, statements, found } = apartIn(ms, debug, server)
  const apart = asFunctionBody(code, statements, (each) => found?.ofPackages(each) ?? 'all').text.split('\n')
  const rest = asFunctionBody(code, statements, (each) => found?.ofRest(each) ?? 'all').text.split('\n')
  const lines = code.split('\n')
  expect([apart.length, rest.length]).toEqual([lines.length, lines.length])
  for (const line of ['exports.day = 24', 'exports.debug = require_ms().day', 'exports.two = require_debug().debug']) {
    const at = lines.indexOf(line)
    expect([apart[at], rest[at]]).toEqual([line, ''])
  }
  const at = lines.indexOf('console.log(import_p);')
  expect([apart[at], rest[at]]).toEqual(['', 'console.log(import_p);'])
  expect(apart.join('\n')).toContain('var __chaosLoader2 = __commonJSMin(((exports, module) => {')
  expect(rest.join('').replaceAll('\n', '')).toContain('__toESM((/* @__PURE__ */ __chaosLoader2)(), 1);')
  expect(apart.join('\n')).not.toContain('__commonJSMin =')
})

test('a bundle without modules of packages is not divided', () => {
  expect(apartIn('// src/server.js\nconsole.log(1);\n').found).toBeUndefined()
  expect(apartIn(loader('src/own.cjs', 'require_own', ''), 'require_own();\n').found).toBeUndefined()
})
