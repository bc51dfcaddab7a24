import { describe, expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

/** Prints whether the module considers itself the entry. */
const ES_MODULE = `import { pathToFileURL } from 'node:url'
  export const told = [import.meta.url.split('/').at(-1), import.meta.filename.split('/').at(-1), import.meta.dirname.split('/').at(-1),
    import.meta.url === pathToFileURL(process.argv[1]).href].join()
`

describe('a module of a simulated program', () => {
  test('a module has its own path in import.meta, and import.meta.main is true only in the entry', async () => {
    const { lines } = await ran(
      serving(`${ES_MODULE}
      import { told as ofModule } from './lib/module.mjs'
      import { told as ofTypes } from './lib/typed.ts'
      import { told as ofPackage } from './node_modules2/node_modules/placed/index.js'
      console.log(told.split(',').slice(0, 2).join(), told.endsWith(',true'))
      console.log(ofModule)
      console.log(ofTypes)
      console.log(ofPackage)
      console.log((await import('./lib/lazy.mjs')).told)`),
      {
        beside: {
          'lib/module.mjs': ES_MODULE,
          'lib/typed.ts': `${ES_MODULE}; export type T = ImportMeta`,
          'lib/lazy.mjs': `export let told; { const { told: own } = { told: import.meta }; told = [own === import.meta, own.resolve('./x.js').split('/').at(-1), own.resolve('fs'), own.resolve('express').split('/').slice(-2).join('/')].join() }`,
          'node_modules2/node_modules/placed/index.js': ES_MODULE,
          'node_modules2/node_modules/placed/package.json': '{"type":"module"}',
        },
      },
    )
    expect(lines).toEqual([
      'n1: server.ts,server.ts true',
      'n1: module.mjs,module.mjs,lib,false',
      'n1: typed.ts,typed.ts,lib,false',
      'n1: index.js,index.js,placed,false',
      'n1: true,x.js,node:fs,express/index.js',
    ])
  })

  test('a module requires a package by createRequire, even within another package', async () => {
    const loading = `import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      export const loaded = require('other').name`
    const { lines } = await ran(serving(`import { loaded } from 'asking'; console.log(loaded)`), {
      beside: {
        'node_modules/asking/index.js': loading,
        'node_modules/asking/package.json': '{"type":"module","main":"index.js"}',
        'node_modules/other/index.js': `exports.name = 'other'`,
        'node_modules/other/package.json': '{}',
      },
    })
    expect(lines).toEqual(['n1: other'])
  })

  test('a module is an ES module if it uses import.meta but has no import or export', async () => {
    const { lines } = await ran(serving(`import './lib/side.ts'`), {
      beside: { 'lib/side.ts': `console.log(import.meta.filename.endsWith('side.ts'), typeof module)` },
    })
    expect(lines).toEqual(['n1: true object'])
  })

  test('a module has its own path in __filename and __dirname, with and without semicolons', async () => {
    const told = (name: string) => `const { basename } = require('path')
exports.${name} = basename(__filename) + ' ' + basename(__dirname)`
    const { lines } = await ran(
      serving(`
      import path from 'node:path'
      import { a } from './lib/a.cjs'
      import { b } from './lib/deep/b.cjs'
      import { c } from './lib/c.ts'
      console.log(a, b, c, path.basename(__filename))`),
      {
        beside: {
          'lib/a.cjs': told('a'),
          'lib/deep/b.cjs': `#!/usr/bin/env node\n'use strict'\n${told('b')}`,
          'lib/c.ts': `import path from 'node:path'\nimport url from 'node:url'\nconst __dirname = path.dirname(url.fileURLToPath(import.meta.url))\nexport const c = path.basename(__filename) + ' ' + path.basename(__dirname)`,
        },
      },
    )
    expect(lines).toEqual(['n1: a.cjs lib b.cjs deep c.ts lib server.ts'])
  })

  test('a module requires files and built-in modules by createRequire', async () => {
    const { lines } = await ran(
      serving(`
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const { version } = require('./lib/package.json')
      console.log(version, require('./lib/own.cjs'), typeof require('fs').readFileSync, import.meta.url.endsWith('server.ts'))`),
      {
        beside: { 'lib/package.json': '{"version":"1.2.3"}', 'lib/own.cjs': 'module.exports = 7' },
      },
    )
    expect(lines).toEqual(['n1: 1.2.3 7 function true'])
  })

  test.each([
    ['require.main === module', 'require.main === module'],
    ['!module.parent', '!module.parent'],
  ])('%s is true only in the entry module', async (_, isStarted) => {
    const library = `if (${isStarted}) { console.log('by hand'); process.exit(0) }`
    const program = serving(`
      require('./lib/a.cjs')
      import './lib/b.ts'
      console.log('started', ${isStarted})`)
    const { lines } = await ran(program, { beside: { 'lib/a.cjs': library, 'lib/b.ts': `${library}\nexport {}` } })
    expect(lines).toEqual(['n1: started true'])
  })

  test('require.main equals a CommonJS module only if that module is the entry', async () => {
    const { lines } = await ran(
      `
      const { createServer } = require('node:http')
      const { basename } = require('node:path')
      require('./lib/a.cjs')
      if (require.main === module) console.log('started', basename(__filename), require.main.filename === __filename)`,
      {
        beside: { 'lib/a.cjs': `if (require.main === module) process.exit(0)` },
      },
    )
    expect(lines[0]).toEqual('n1: started server.ts true')
  })

  test('an error in the first line of a simulated module names the path, the line and the column', async () => {
    const running = ran(serving(`import './lib/a.ts'`), {
      beside: { 'lib/a.ts': `/* here */ export const a = (undefined as any).b + import.meta.url + __dirname` },
    })
    await expect(running).rejects.toThrow(/lib\/a\.ts:1:4\d/)
  })
})
