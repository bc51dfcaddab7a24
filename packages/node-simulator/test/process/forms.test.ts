// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are forms of the language.
import fc from 'fast-check'
import { RolldownMagicString } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, test } from 'vitest'
import { type Probing, probePlugin, type Site } from '../../src/program/probes.ts'

type Language = 'js' | 'ts' | 'tsx'

interface Transforming {
  transform(code: string, id: string): { readonly code: string } | undefined
}

/** Returns the text of a module with probes, after checking that the text is a valid module. */
function probed(code: string, probing: Probing | undefined, lang: Language = 'ts'): string {
  const sites: Site[] = []
  const { transform } = probePlugin({ RolldownMagicString }, probing, sites) as unknown as Transforming
  const transformed = transform(code, `/program/forms.${lang}`)
  const text = transformed?.code ?? code
  expect(() => parseAst(text, { lang }), `${code}\n---\n${text}`).not.toThrow()
  return text
}

const PROBINGS = [undefined, 'functions', 'lines', [{ file: '/program/forms.ts', line: 1 }]] as const

/** `$` stands for an expression. */
const EXPRESSIONS = [
  '$',
  '($)',
  'await $',
  '(await $)',
  'await await $',
  'await ($, $)',
  'await(\n$)',
  'await /* => */ $',
  'await // => )\n$',
  '1 + $',
  '$ + 1',
  '$ - $ * $',
  '($) ** 2',
  '2 ** $',
  '$ % 3 << 1 >>> 0',
  '$ == $',
  '$ in { 1: 1 }',
  "'a' in Object($)",
  '$ instanceof Object',
  '$ && $',
  '$ || $',
  '$ ?? $',
  '!$',
  '-($)',
  '+$',
  '~$',
  'void $',
  'typeof $',
  'delete Object($).x',
  '$ ? $ : $',
  '($, $)',
  '[$, ...[$], , $]',
  '({ v: $ }).v',
  '({ [$]: $ })[1]',
  '({ ...Object($) })',
  '({ async f() { return $ } }).f()',
  '({ get g() { return 1 }, set g(v) {}, *h() { yield 1 }, async *i() { yield $ } }).g',
  '({ await: $ }).await',
  '`a${$}b${`${$}`}`',
  '((s, ...v) => v)`${$}`',
  'id($)',
  'id(...[$])',
  'id?.($)',
  '($)?.x',
  'Object($)[$]',
  'Object($)?.[$]',
  '(Object($)).valueOf()',
  'new Object($)',
  'new (await id(Object))($)',
  'new Object(await $).valueOf()',
  '(async () => $)()',
  '(async (x) => $)(2)',
  '(async x => await $)(2)',
  '(async x=>$)(2)',
  '(async (x = (y) => y, { a = 1, ...b } = {}, [c] = [1], ...d) => $)()',
  '(async (x /* => */, /* => */) /* => */ => /* => */ $)(2)',
  '(async () => // => \n $)()',
  '(async () => ( // =>\n $ // )\n ))()',
  '(async () => ({ v: $ }))()',
  '(async () => [await $])()',
  '(() => async () => await $)()()',
  '((a) => (b) => a + b)(1)($)',
  '(async function () { return $ })()',
  "(async function named() { 'use strict'\n return $ })()",
  '(async () => { })()',
  "(function () { 'use strict' })()",
  "(() => { 'use strict'; })()",
  '(async () => { /* => */ return await $ })()',
  '(function* () { yield 1 })().next().value',
  '(class { static async m(x = 1) { return $ } }).m()',
  '(class { static f = async () => await 1; static { this.g = 1 } }).f()',
  '(class { #p = 1; static async m() { const o = new this(); o.#p = $; return #p in o } }).m()',
  '(class extends Object { constructor() { super(); this.z = 1 } get [1]() { return 1 } })[$]',
  '(class extends (await id(Object)) {}).name',
  '(class { static async [`m`]() { return $ } }).m()',
  '(async () => { for await (const x of [$]) return x })()',
  'a = $',
  'a += $',
  'a ??= $',
  '[a = $] = []',
  '({ a = $ } = {})',
  '({ a: o.a = $, ...o.b } = {})',
  'o.x = $',
  'o[$] = $',
  'a++',
  '--a',
  'import.meta',
  "import('node:path')",
  '/=>[)]/.test($)',
  "'=>'",
  '1n',
  'this',
  '(function () { return new.target })()',
] as const

const STATEMENTS = [
  '$',
  '$;',
  ';$;',
  'const v = $',
  'let v = $, w = await $',
  'var v\nawait $',
  'const { v = $, ...w } = { x: await $ }',
  'if ($) $',
  'if ($) $; else await $',
  'if ($) await $\nelse if (await $) await $\nelse $',
  'if ($) if (await $) $; else await $',
  'if ($) ; else { await $ }',
  'if ($) return await $',
  'for (const x of [$]) await $',
  'for (const x of await id([$])) { await $; continue }',
  'for await (const x of [$]) await $',
  'for await (const x of (async function* () { yield $ })());',
  'for (const k in await id({ a: $ })) await $',
  'for (let i = await $; i < 0; i += await $) await $',
  'for (let i = 0; i < 1; i++) for (let j = 0; j < 1; j++) await $',
  'for (;;) break',
  'while (!await $) await $',
  'do await $; while (false)',
  'do a++\nwhile (false) await $',
  'do { await $ } while (!(await $))',
  'out: for (;;) { for (;;) { await $; break out } }',
  'out: { await $; break out }',
  'out: await $',
  'switch (await $) { case await $: await $; break; default: await $ }',
  'switch ($) { case 1: { await $ } case 2: case 3: default: let z = await $; function q() { return z } }',
  'switch ($) { }',
  'try { await $ } catch { await $ } finally { await $ }',
  'try { throw await $ } catch (e) { return await $ }',
  'try { await $ } finally { }',
  'return await $',
  'return (\n await $ // )\n)',
  'return\nawait $',
  'throw Object.assign(new Error("thrown"), { v: await $ })',
  '{ await $ }',
  '{ }',
  'async function f(x = 1) { return await $ } await f()',
  'async function* g() { yield await $; yield* [await $]; return await $ } for await (const _ of g()) ;',
  'function* g() { const x = yield 1; yield* [x] } [...g()]',
  'class A { async m() { return await $ } static async *n() { yield await $ } async [`k`]() { await $ } }\nawait new A().m()',
  'class A { x = async () => await 1; static y = (z) => z; async = 1; get; set; static }\nawait new A().x()',
  'class A { constructor(v) { this.v = v } static #s = 1; static s() { return A.#s } } new A(await $)',
  'const f = async (x) => await $\n;[f].length',
  'a = await $\n;(await $)\n;[await $]\n;`${await $}`',
  'let i = await $\n++i\n--i',
  'debugger',
  '// only a comment',
] as const

/** Complete modules in TypeScript, with and without JSX. Each one uses different syntax. */
const TYPED: readonly (readonly [Language, string])[] = [
  ['ts', 'const f = async <T = () => void>(): Promise<T> => (await x) as T'],
  ['ts', 'const f = async <T extends (a: 1) => 2>(): Promise<(v: T) => T> => await x!'],
  ['ts', 'const f = (x?: () => void): ((y: 1) => void) /* => */ => async () => await (<any>x)'],
  ['ts', 'const f = async (x: unknown): Promise<void> => void ((await x) satisfies unknown)'],
  ['ts', 'const f = (x: unknown): x is string => typeof x === "string"'],
  ['ts', 'const f = (x: unknown): asserts x is (() => 1) => { if (x) return; else throw x }'],
  ['ts', 'function f(this: Date, x?: 1): void; function f(x: 2): void; function f(x?: any) { if (x) return; }'],
  [
    'ts',
    'async function f(): Promise<void> { type T = 1; interface I { a: () => 1 } enum E { A = 1 } let x!: T; await x }',
  ],
  [
    'ts',
    'abstract class A { abstract f(): 1; declare x: 2; readonly y = async () => await 1; static accessor z = 1; g?(): 1 }',
  ],
  [
    'ts',
    'class A { constructor(private readonly a = async () => await 1, public b?: () => 2) {} get c(): 1 { return 1 } }',
  ],
  ['ts', '@d class A { @d() async m(@d x: 1) { return await x } @(d(async () => await 1)) p = 2 }'],
  ['ts', 'namespace N { export const f = async () => await 1; export namespace M { f() } }'],
  ['ts', 'declare module "x" { export const f: () => 1 }\ndeclare global { var g: () => 2 }\nexport {}'],
  ['ts', 'enum E { A = 1, B = A << 1 }\nconst enum F { A = "a" }\nlet o: { [k: string]: () => E } = {}'],
  [
    'ts',
    'import type { T } from "./t"; import { type U, v } from "./u"; export type { T }; export const f = async () => await v',
  ],
  ['ts', 'export default async () => await 1'],
  ['ts', 'export default async function () { return await 1 }'],
  ['ts', 'export default class { async m() { await 1 } }'],
  [
    'ts',
    'export * from "./t"; export * as t from "./t"; export const { a = await 1, b } = await x, c = async () => await a',
  ],
  ['ts', 'async function f() { using a = await x; await using b = await x; for (await using c of []) await c }'],
  ['ts', '#!/usr/bin/env node\nconst f = async () => await x'],
  ['ts', '\uFEFFconst f = async () => await x\r\nasync function g() {\r\n  if (f) await x\r\n  else await f()\r\n}'],
  ['ts', 'const 𝒜 = async (ü = "😀") => await ü // 😀\nconst b = async () => await 𝒜()'],
  ['tsx', 'const f = async <T,>(x: T) => <div a={await x} {...await x}>{await x}text{/* => */}</div>'],
  ['tsx', 'const f = () => <><A.B key="=>" f={async () => await 1} /></>'],
]

/**
 * A hole in a code template is written as `$`. Fills the holes with the texts `holes`, in order, and begins again after
 * the last text.
 */
function filled(form: string, holes: readonly string[]): string {
  let i = 0
  return form.replaceAll(/\$(?!\{)/g, () => holes[i++ % holes.length] ?? '')
}

const HOLES = ['1', 'await id(1)', '(await id(1))', 'await wait()'] as const

const moduleOf = (run: string): string => `
const id = (v) => v, wait = () => new Promise((r) => setImmediate(r, 2))
let a = 1, o = {}
const run = ${run}
`
const asBody = (expression: string): string => moduleOf(`async () => ${expression}`)
const asBlock = (statements: string): string => moduleOf(`async () => {\n${statements}\n}`)

function isModule(code: string): boolean {
  try {
    return parseAst(code, { lang: 'ts' }) !== undefined
  } catch {
    return false
  }
}

/**
 * For each expression in `HOLES`, fills all placeholders of the form with the expression. Returns the results that are
 * valid modules.
 */
const modulesOf = (form: string, wrap: (text: string) => string): readonly string[] =>
  HOLES.map((hole) => wrap(filled(form, [hole]))).filter(isModule)

const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (probe: object) => Promise<unknown>
const PROBE = { enters: () => false, at() {}, gone: (_: number, v: unknown) => v, back: (_: number, v: unknown) => v }

/** Returns the result of `run` as text, or the text of its error. */
async function outcome(code: string): Promise<string> {
  try {
    const value = await new AsyncFunction('__chaosProbe', `${code}\nreturn [await run(), a, o]`)(PROBE)
    return JSON.stringify(value, (_, v: unknown) => (typeof v === 'function' || typeof v === 'bigint' ? typeof v : v))
  } catch (error) {
    return String(error)
  }
}

async function expectSame(code: string): Promise<void> {
  const [, , lines] = PROBINGS.map((probing) => probed(code, probing))
  // `outcome` runs the code as a function, in which `import.meta` is a syntax error. Code with `new.target` is not run
  // either.
  if (!/import\.meta|new\.target/.test(code)) expect(await outcome(lines ?? ''), lines).toBe(await outcome(code))
}

describe('the probes inserted into a program', () => {
  test('probes preserve the meaning of each form of expression, with an await in any position', async () => {
    for (const form of EXPRESSIONS) {
      const modules = [...modulesOf(form, asBody), ...modulesOf(form, (text) => asBlock(`return ${text}`))]
      expect(modules, form).not.toHaveLength(0)
      await Promise.all(modules.map(expectSame))
    }
  })

  test('probes preserve the meaning of each form of statement, with an await in any position', async () => {
    for (const form of STATEMENTS) {
      const modules = modulesOf(form, asBlock)
      expect(modules, form).not.toHaveLength(0)
      await Promise.all(modules.map(expectSame))
    }
  })

  test.each(TYPED)('probes keep a %s module syntactically valid: %j', (lang, code) => {
    for (const probing of PROBINGS) probed(code, probing, lang)
  })

  test('probes keep a module syntactically valid for arbitrarily nested forms', () => {
    const { expression } = fc.letrec<{ expression: string; hole: string }>((tie) => ({
      hole: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(...HOLES),
        tie('expression').map((text) => `(${text})`),
      ),
      expression: formOf(EXPRESSIONS, tie('hole')),
    }))
    const block = fc.array(
      formOf(
        STATEMENTS,
        expression.map((text) => `(${text})`),
      ).map((text) => `{\n${text}\n}`),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          expression.map(asBody),
          block.map((all) => asBlock(all.join('\n'))),
        ),
        (code) => {
          fc.pre(isModule(code))
          for (const probing of PROBINGS) probed(code, probing)
        },
      ),
      { numRuns: 100 },
    )
  })
})

const formOf = (forms: readonly string[], hole: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...forms), fc.array(hole, { minLength: 3, maxLength: 3 }))
    .map(([form, holes]) => filled(form, holes))
