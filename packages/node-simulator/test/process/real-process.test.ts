import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

/** Expressions that get a `process` object without reading the program's own variable `process`. */
const ways: readonly (readonly [name: string, expression: string])[] = [
  ['Function', `Function('return process')()`],
  ['new Function', `new Function('return process')()`],
  ['indirect eval', `(0, eval)('process')`],
  ['direct eval of this', `(0, eval)('this').process`],
  ['the constructor of a timer', `setTimeout.constructor('return process')()`],
  ['the constructor of a function', `(() => {}).constructor('return process')()`],
  ['the constructor of an async function', `await (async () => {}).constructor('return process')()`],
  ['the constructor of a generator', `(function* () {}).constructor('return process')().next().value`],
  [
    'the constructor of an async generator',
    `(await (async function* () {}).constructor('yield process')().next()).value`,
  ],
  ['the global object of a sloppy function', `Function('return this')().process`],
  ['a getter of the global object', `Object.getOwnPropertyDescriptor(Function('return this')(), 'process').get()`],
  ['global of a sloppy function', `Function('return global.process')()`],
  ['a timer of code as text', `Function('return globalThis')().globalThis.global.process`],
  ['vm.runInThisContext', `vm.runInThisContext('process')`],
  ['vm.Script', `new vm.Script('process').runInThisContext()`],
  ['vm.compileFunction', `vm.compileFunction('return process')()`],
  ['the constructor of a built-in class', `Map.constructor('return process')()`],
  ['a bound constructor', `Reflect.construct(Function, ['return process'])()`],
  ['the constructor of a host function', `console.log.constructor('return process')()`],
  ['the constructor of a member of a module', `fs.readFileSync.constructor('return process')()`],
  ['a class that extends Function', `new (class extends Function {})('return process')()`],
  ['a callback of JSON.parse', `JSON.parse('[1]', Function('return process'))`],
  ['a callback of sort', `[1, 2].map(Function('return process'))[0]`],
  ['a getter', `Object.defineProperty({}, 'x', { get: Function('return process') }).x`],
  ['a promise', `await Promise.resolve().then(Function('return process'))`],
  ['a microtask', `await new Promise((resolve) => queueMicrotask(() => resolve(Function('return process')())))`],
  ['a timer', `await new Promise((resolve) => setTimeout(() => resolve(Function('return process')()), 5))`],
  [
    'an event',
    `await new Promise((resolve) => new EventEmitter().on('x', () => resolve(Function('return process')())).emit('x'))`,
  ],
  ['the prototype of the process', `Object.create(Function('return process')())`],
  ['import of process', `(await import('node:process')).default`],
  ['require of process', `createRequire(import.meta.url)('process')`],
]

const IMPORTS = `import vm from 'node:vm'; import fs from 'node:fs'; import { createRequire } from 'node:module'
  import { EventEmitter } from 'node:events'; import net from 'node:net'`

describe('the real process', () => {
  test.each(ways)('the real process cannot be reached by a program through %s', async (_name, expression) => {
    const { lines } = await ran(
      serving(`${IMPORTS}
        const found = ${expression}
        console.log(found?.pid, found?.argv0, typeof found?.getBuiltinModule, typeof found?.binding)
        console.log(found.env.HOME, found.cwd === process.cwd)`),
    )
    expect(lines).toEqual([expect.stringMatching(/^n1: 101 node (function|undefined) function$/), 'n1: undefined true'])
  })
})

/** Statements that would write to a real file of this machine. `path` is the name of the file. */
const deeds: readonly (readonly [name: string, statements: string])[] = [
  ['getBuiltinModule', `Function('return process')().getBuiltinModule('fs').writeFileSync(path, '')`],
  [
    'getBuiltinModule of child_process',
    `Function('return process')().getBuiltinModule('child_process').execSync('touch ' + path)`,
  ],
  ['process.binding', `Function('return process')().binding('fs')`],
  ['process.mainModule', `Function('return process')().mainModule.require('fs').writeFileSync(path, '')`],
  ['import in a function', `(await Function('return import("node:fs")')()).writeFileSync(path, '')`],
  ['import in an eval', `(await (0, eval)('import("node:fs")')).writeFileSync(path, '')`],
  ['import in a direct eval', `(await eval('import("node:fs")')).writeFileSync(path, '')`],
  ['import in a script', `(await vm.runInThisContext('import("node:fs")')).writeFileSync(path, '')`],
  [
    'import in a script by the main loader',
    `(await vm.runInThisContext('import("node:fs")', { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER })).writeFileSync(path, '')`,
  ],
  [
    'import in a compiled function by the main loader',
    `(await vm.compileFunction('return import("node:fs")', [], { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER })()).writeFileSync(path, '')`,
  ],
  [
    'import in a script object by the main loader',
    `(await new vm.Script('import("node:fs")', { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }).runInThisContext()).writeFileSync(path, '')`,
  ],
  [
    'the real class of a script',
    `(await new (new vm.Script('1').constructor)('import("node:fs")', { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }).runInThisContext()).writeFileSync(path, '')`,
  ],
  [
    'a script in a new context',
    `new vm.Script('this.constructor.constructor("return process")()').runInNewContext().getBuiltinModule('fs').writeFileSync(path, '')`,
  ],
  [
    'the modules of a module',
    `Object.getPrototypeOf(createRequire).constructor('return process')().mainModule.constructor._load('fs').writeFileSync(path, '')`,
  ],
  ['the prototype of a stream of a file', `new (Object.getPrototypeOf(fs.WriteStream))(path).end('x')`],
  ['the class of a stream of a file', `new (fs.createWriteStream('x').constructor)(path).end('x')`],
  [
    'the prototype of the class of a stream',
    `new (Object.getPrototypeOf(fs.createWriteStream('x').constructor.prototype).constructor)(path, {}).end('x')`,
  ],
  [
    'frames of a stack',
    `Error.prepareStackTrace = (_, frames) => frames; const frames = new Error().stack; Error.prepareStackTrace = undefined
     for (const frame of frames) frame.getThis()?.process?.getBuiltinModule('fs').writeFileSync(path, '')
     for (const frame of frames) frame.getFunction()?.('fs')?.writeFileSync?.(path, '')`,
  ],
  ['the caller of a function', `Function('return arguments.callee.caller')()?.('fs')?.writeFileSync(path, '')`],
  [
    'the dispatcher of fetch',
    `const real = Function('return this')(); const dispatcher = real[Symbol.for('undici.globalDispatcher.1')]
     if (dispatcher) dispatcher.dispatch({ origin: 'http://127.0.0.1:9', path: '/', method: 'GET' }, { onConnect() {}, onHeaders() {}, onData() {}, onComplete() {}, onError() {} })`,
  ],
  ['the class of a socket', `new (Object.getPrototypeOf(net.Socket))().on('error', () => {}).connect(9, '127.0.0.1')`],
  [
    'Atomics.waitAsync',
    `Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5).value.then(() => Function('return process')().getBuiltinModule('fs').writeFileSync(path, ''))`,
  ],
  [
    'an observer of performance',
    `new PerformanceObserver(() => Function('return process')().getBuiltinModule('fs').writeFileSync(path, '')).observe({ entryTypes: ['gc'] }); for (let i = 0; i < 300; i++) new Array(1e5).fill({})`,
  ],
  [
    'a replaced process',
    `Function('process = undefined; globalThis.process = 1')(); Function('return process')().getBuiltinModule('fs').writeFileSync('/kept', '')`,
  ],
  [
    'a deleted process',
    `Function('return delete globalThis.process')(); typeof Function('return typeof process')() === 'undefined' || Function('return process')().getBuiltinModule('fs').writeFileSync('/kept', '')`,
  ],
  [
    'a registry of finalisation',
    `new FinalizationRegistry(() => process.getBuiltinModule('fs').writeFileSync(path, '')).register({})`,
  ],
]

describe('the real disk', () => {
  test.each(deeds)('the real disk cannot be written by a program through %s', async (_name, statements) => {
    const path = join(tmpdir(), `chaos-real-${randomUUID()}`)
    const told = await ran(
      serving(`${IMPORTS}
        const path = ${JSON.stringify(path)}
        try { ${statements} } catch (error) { console.log(String(error).slice(0, 150)) }`),
    ).then(
      ({ lines }) => lines.join('\n'),
      (error: unknown) => String(error),
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([told, existsSync(path)]).toEqual([told, false])
  })
})

test('web streams of a program can be read to their end', async () => {
  const { lines } = await ran(
    serving(`const response = new Response(new Blob(['x']).stream()); console.log(await response.text())
      const reader = new ReadableStream({ start(it) { it.close() } }).getReader(); console.log((await reader.read()).done)
      reader.releaseLock()`),
  )
  expect(lines).toEqual(['n1: x', 'n1: true'])
})

test('code from the Function constructor prints only to the log of the run', async () => {
  const { lines } = await ran(serving(`Function('return console')().log('said')`))
  expect(lines).toEqual(['n1: said'])
})

test('globalThis.process is the unchanged real process after a run', async () => {
  const real = process
  await ran(serving(`Function('return process')().exitCode = 7`))
  expect(globalThis.process).toBe(real)
  expect(process.pid).toBe(real.pid)
  expect(process.exitCode).not.toBe(7)
})
