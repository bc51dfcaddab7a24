import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { typescriptLoader } from '../../src/typescript/loader.ts'

/** Writes files, loads one of them, and returns its exports. */
async function imported(path: string, files: { readonly [path: string]: string }): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-loader-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(folder, name))
    else writeFileSync(join(folder, name), text)
  }
  const file = join(folder, path)
  return (await typescriptLoader(file, { moduleCache: false })).import(file, { default: true })
}

const LEGACY = JSON.stringify({ compilerOptions: { experimentalDecorators: true, emitDecoratorMetadata: true } })

const DECORATED = `
const seen: string[] = []
function ofClass(c: any) { seen.push('class ' + c.name) }
function ofField(_: any, name: string, given?: unknown) { seen.push(name + ' ' + given) }
function ofMethod(_: any, __: string, d: PropertyDescriptor) { const f = d.value; d.value = function (...a: any[]) { return 'm' + f.apply(this, a) } }
function ofGetter(_: any, __: string, d: PropertyDescriptor) { const g = d.get!; return { ...d, get() { return 'g' + g.call(this) } } }
function ofParameter(_: any, name: string | undefined, index: number) { seen.push(name + ' ' + index) }
const made = (what: string) => (_: any, __: string, ___: PropertyDescriptor) => { seen.push(what) }
class Dep { x = 1 }
@ofClass
class A {
  @ofField name: string = 'n'
  @ofField declared!: string
  constructor(@ofParameter private readonly dep: Dep, @ofParameter public other?: string) {}
  @ofMethod @made('first') @made('second') m(a: number) { return a + this.dep.x + this.name }
  @ofMethod static s() { return 'static' }
  @ofGetter get v() { return 'v' }
  @ofMethod async later(@ofParameter a: string): Promise<string> { return a }
}
const a = new A(new Dep())
export default [a.m(3), A.s(), a.v, ...seen].join()
`

test('tsconfig.json can enable legacy decorators, with or without type metadata', async () => {
  const told = 'm4n,mstatic,gv,name undefined,declared undefined,second,first,later 0,undefined 1,undefined 0,class A'
  expect(await imported('src/server.ts', { 'tsconfig.json': LEGACY, 'src/server.ts': DECORATED })).toBe(told)
  const metadata: unknown[] = []
  Object.assign(Reflect, {
    metadata: (key: string, value: { readonly name?: string } | undefined) => () =>
      void metadata.push(`${key} ${value?.name}`),
  })
  onTestFinished(() => void Reflect.deleteProperty(Reflect, 'metadata'))
  expect(await imported('src/server.ts', { 'tsconfig.json': LEGACY, 'src/server.ts': DECORATED })).toBe(told)
  expect(metadata).toContain('design:returntype Promise')
})

test('paths of an extended tsconfig.json are resolved, and TypeScript workspace packages are loaded', async () => {
  const files = {
    'tsconfig.base.json': `{
      // Comments may stand here.
      "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["packages/*/src"], "~/*": ["apps/api/src/*"], "exact": ["apps/api/src/exact.ts"], }, },
    }`,
    'apps/api/tsconfig.json': '{ "extends": "../../tsconfig.base.json" }',
    'apps/api/src/server.ts': `
      import { Kind, own } from '@acme/store'
      import { own as again } from '@lib/store'
      import { log } from '~/log.js'
      import exact from 'exact'
      const { lazy } = await import('~/lazy')
      export default [Kind.A, own === again, log, exact, lazy].join()`,
    'apps/api/src/log.ts': `export const log: string = import.meta.filename.split('/').at(-1)!`,
    'apps/api/src/exact.ts': `export default 'exact' as const`,
    'apps/api/src/lazy.ts': `export const lazy = 'lazy' satisfies string`,
    'packages/store/package.json': '{"name":"@acme/store","type":"module","exports":{".":"./src/index.ts"}}',
    'packages/store/src/index.ts': `export const enum Kind { A = 'a' }\nexport namespace N { export const v = {} }\nexport const own = N.v`,
    'node_modules/@acme/store': '-> ../../packages/store',
  }
  expect(await imported('apps/api/src/server.ts', files)).toBe('a,true,log.ts,exact,lazy')
})

test('an error keeps its original line number although types and comments are stripped', async () => {
  const thrower = `interface Gone {\n  a: 1\n}\n\n/* and\n   this */\nexport const f = (x: unknown): never => {\n\n  throw new Error(\`no \${x}\`)\n}\n`
  const error = await imported('server.ts', {
    'server.ts': `import type { T } from './t'\n\nimport { f } from './f'\n\n\ntype U = T\nf('x')\n`,
    'f.ts': thrower,
    't.ts': 'export type T = 1',
  }).catch((thrown: unknown) => thrown)
  expect((error as Error).stack).toMatch(/f\.ts:9:.*\n.*server\.ts:7:/)
})

test('a program with an unreadable tsconfig.json runs, and a warning is printed', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  const files = { 'tsconfig.json': '{"extends":"@nobody/has-this"}', 'server.ts': 'export default 1 as number' }
  expect(await imported('server.ts', files)).toBe(1)
  expect(told.mock.calls.join()).toContain('its tsconfig.json is ignored')
})

test('a TypeScript syntax error is reported with the name of its file', async () => {
  await expect(imported('server.ts', { 'server.ts': 'const a: = 1' })).rejects.toThrow(/server\.ts/)
})
