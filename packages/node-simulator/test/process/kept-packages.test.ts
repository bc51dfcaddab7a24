import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { distrustPackages, loadService } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import { ran, serving, written } from '../../../testing/src/simulated.ts'

const at = (path: string): string => `packages/node_modules/${path}`

/** A package that counts its calls since it was loaded. When it is loaded, it also runs the given code. */
const countingThat = (does: string): { readonly [path: string]: string } => ({
  [at('counting/index.js')]: `exports.count = require('./state.js').count`,
  [at('counting/state.js')]: `${does}; let count = 0; exports.count = () => ++count`,
})
const COUNTING = countingThat('')
const OWN = { 'own.cjs': `let own = 0; exports.count = () => ++own` }

const counting = serving(`
  import counting from './${at('counting/index.js')}'
  import own from './own.cjs'
  console.log(counting.count(), own.count())
`)

/** Runs a program several times, and returns the log of each run. */
async function linesOf(program: string, beside: { readonly [path: string]: string }, runs: number) {
  const lines: string[] = []
  for (let run = 1; run <= runs; run++)
    lines.push((await ran(program, { beside, keepsPackages: true })).lines.map((line) => line.slice(4)).join(' | '))
  return lines
}

test('keepsPackages reuses the packages of an earlier run, and reloads the program’s own files', async () => {
  const beside = { ...COUNTING, ...OWN }
  expect(await linesOf(counting, beside, 3)).toEqual(['1 1', '2 1', '3 1'])
  // A program that runs without keepsPackages loads its packages afresh.
  expect((await ran(counting, { beside })).lines).toEqual(['n1: 1 1'])
})

test('distrustPackages makes every later start of the program reload its packages', async () => {
  const beside = { ...COUNTING, ...OWN }
  expect(await linesOf(counting, beside, 2)).toEqual(['1 1', '2 1'])
  distrustPackages(await loadService(written(counting, undefined, beside)))
  expect(await linesOf(counting, beside, 2)).toEqual(['1 1', '1 1'])
})

test('with keepsPackages, a second run reuses the packages of the first, and each start has its own copy', async () => {
  const run = () =>
    ran(counting, {
      ...{ nodes: 2, beside: { ...COUNTING, ...OWN }, keepsPackages: true },
      meanwhile: ({ clock, inject }) =>
        clock.at((clock.now() + 1e8) as never, () =>
          inject({ kind: 'kill', nodes: ['n2'] }, (outcome) => {
            if (outcome.type === 'injected') outcome.heal(() => {})
          }),
        ),
    })
  expect([...(await run()).lines].sort()).toEqual(['n1: 1 1', 'n2: 1 1', 'n2: 1 1'])
  const again = [...(await run()).lines].sort()
  expect(again).toEqual(['n1: 2 1', 'n2: 2 1', 'n2: 2 1'])
})

describe('a package', () => {
  test.each([
    ['adds a global', 'globalThis.added = 1'],
    ['changes a built-in module', `require('fs').added = () => {}`],
    ['changes process', 'process.added = 1'],
    ['changes the environment', 'process.env.ADDED = 1'],
    ['listens to process', `process.on('SIGTERM', () => {})`],
    ['wraps the console', 'const { log } = console; console.log = (...args) => log(...args)'],
    ['adds to what all nodes share', 'Promise.added = 1'],
    ['draws at random', 'exports.drawn = Math.random()'],
    ['looks at the clock', 'exports.loadedAt = Date.now()'],
    ['starts a timer', 'setTimeout(() => {}, 1)'],
    ['writes to the log', `process.emitWarning('loaded')`],
    ['writes to its disk', `require('fs').writeFileSync('/tmp/loaded', '')`],
    ['opens a port', `require('net').createServer().listen(4000)`],
  ])('a package is reloaded at every start if loading it %s', async (_, does) => {
    const lines = await linesOf(counting, { ...countingThat(does), ...OWN }, 2)
    expect(lines.map((line) => line.replace('warning: loaded | ', ''))).toEqual(['1 1', '1 1'])
  })
})

test("a package that reads the environment while loading is kept, and later reads each node's environment", async () => {
  const beside = {
    ...countingThat(`const level = process.env.LEVEL ?? 'none'`),
    [at('counting/index.js')]: `
      const state = require('./state.js')
      exports.count = () => [process.env.LEVEL ?? 'none', state.count(), require('./later.js').loaded].join()`,
    [at('counting/later.js')]: `exports.loaded = require('path').basename('/a/b')`,
  }
  expect(await linesOf(counting, { ...beside, ...OWN }, 2)).toEqual(['none,1,b 1', 'none,2,b 1'])
})

test('a start sees no change that an earlier program made to globals, modules or the process', async () => {
  const program = serving(`
    import fs from 'node:fs'
    import process from 'node:process'
    import counting from './${at('counting/index.js')}'
    const found = [
      globalThis.mine, fs.mine, fs.promises.mine, process.mine, process.env.MINE, process.argv.length,
      process.listenerCount('SIGTERM'), console.mine, typeof fs.existsSync, process.pid, process.stdout.mine,
    ]
    console.count('starts')
    console.timeEnd('since')
    console.time('since')
    console.log(counting.count(), ...found)
    console.group()
    Object.assign(globalThis, { mine: 1 })
    fs.mine = fs.promises.mine = process.mine = process.env.MINE = console.mine = process.stdout.mine = 1
    fs.existsSync = undefined
    process.argv.push('more')
    process.on('SIGTERM', () => {})
    console.log = () => {}
  `)
  const pristine = 'undefined undefined undefined undefined undefined 2 0 undefined function 101 undefined'
  const unknown = "Warning: No such label 'since' for console.time()"
  expect(await linesOf(program, COUNTING, 3)).toEqual(
    [1, 2, 3].map((start) => `starts: 1 | ${unknown} | ${start} ${pristine}`),
  )
})

test('an AsyncLocalStorage that a package creates while loading keeps its store across timers at every start', async () => {
  const beside = {
    [at('contexts/index.js')]: `exports.storage = require('./storage.js').storage`,
    [at('contexts/storage.js')]: `
      const { AsyncLocalStorage } = require('node:async_hooks')
      exports.storage = new AsyncLocalStorage()`,
  }
  const program = serving(`
    import contexts from './${at('contexts/index.js')}'
    contexts.storage.run('mine', () => setTimeout(() => console.log(contexts.storage.getStore()), 5))
  `)
  expect(await linesOf(program, beside, 3)).toEqual(['mine', 'mine', 'mine'])
})

test('a package that requires a file of the program is reloaded together with that file', async () => {
  const beside = {
    [at('counting/index.js')]: `const own = require('../../../own.cjs'); exports.count = () => own.count()`,
    ...OWN,
  }
  expect(await linesOf(counting, beside, 2)).toEqual(['1 2', '1 2'])
})

/**
 * Returns V8's function that collects garbage. Only a context that is created while the flag `--expose-gc` is set has
 * this function.
 */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collect
}

test('packages kept between runs hold no reference to a finished run', async () => {
  const logOfRun = async (): Promise<WeakRef<object>> => {
    const { lines } = await ran(counting, { nodes: 2, beside: { ...COUNTING, ...OWN }, keepsPackages: true })
    expect(lines).toHaveLength(2)
    return new WeakRef(lines)
  }
  const lines = await logOfRun()
  const collect = collector()
  for (let tries = 0; tries < 3; tries++) {
    await new Promise(setImmediate)
    collect()
  }
  expect(lines.deref()).toBeUndefined()
})
