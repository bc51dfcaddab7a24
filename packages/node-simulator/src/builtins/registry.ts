import buffer from 'node:buffer'
import childProcess from 'node:child_process'
import cluster from 'node:cluster'
import dgram from 'node:dgram'
import http2 from 'node:http2'
import inspector from 'node:inspector'
import { builtinModules, createRequire } from 'node:module'
import perfHooks from 'node:perf_hooks'
import consumers from 'node:stream/consumers'
import util, { type ParseArgsConfig } from 'node:util'
import workerThreads from 'node:worker_threads'
import { isNativeLoader, noNativeCode } from '../native.ts'
import { NotSimulated } from '../refusal.ts'
import { type Life, runningLife } from '../world/life.ts'
import { asyncHooksModule } from './async-hooks.ts'
import { cryptoModule } from './chance.ts'
import { simulatedPerformance } from './clock.ts'
import { createConsole } from './console.ts'
import { dnsModule, dnsPromises } from './dns.ts'
import { FileCalls } from './file-calls.ts'
import { fsModule } from './fs.ts'
import { httpModule } from './http/http.ts'
import { netModule } from './net.ts'
import { neverCalling } from './never-calling.ts'
import { osModule } from './os.ts'
import { NATIVE_CODE, refusedModule } from './refused.ts'
import { vmModule } from './scripts.ts'
import { promisedTimers, simulatedTimers } from './timers.ts'
import { httpsModule, tlsModule } from './tls.ts'
import { v8Module } from './v8.ts'
import { zlibModule } from './zlib.ts'

const real = createRequire(import.meta.url)

/**
 * The modules that programs get unchanged: modules that only compute, and modules that use nothing of the machine
 * except through simulated modules.
 */
const PASSED: ReadonlySet<string> = new Set([
  ...['assert', 'assert/strict', 'constants', 'diagnostics_channel', 'events', 'path', 'path/posix'],
  ...['path/win32', 'punycode', 'querystring', 'readline', 'readline/promises', 'stream'],
  ...['stream/promises', 'stream/web', 'string_decoder', 'url', 'util/types', '_http_common'],
])

const OTHER_PROCESS = 'starts another process, whose timing the simulator does not control'
const THREAD = 'runs in another thread, whose timing the simulator does not control'
const SAME_THREAD = 'Do the work in the same thread if CHAOS_SIMULATED is set, or run the real program with chaos run.'

type Members = { readonly [name: string]: unknown }
const members = (module: object): Members => ({ ...module }) as Members

const workerModule = (): object => {
  const { Worker, MessageChannel, MessagePort, BroadcastChannel, ...harmless } = members(workerThreads)
  const refused = { Worker, MessageChannel, MessagePort, BroadcastChannel }
  return {
    ...harmless,
    ...refusedModule('worker_threads', refused, THREAD, SAME_THREAD),
    isMainThread: true,
    threadId: 0,
    parentPort: null,
    workerData: null,
  }
}

const clusterModule = (): object => ({
  ...refusedModule('cluster', members(cluster), OTHER_PROCESS, 'Start more nodes with --nodes.'),
  isPrimary: true,
  isMaster: true,
  isWorker: false,
  workers: {},
})

const moduleModule = (): object => ({
  builtinModules,
  createRequire: () => requireBuiltin,
  isBuiltin: (name: string) => builtinModules.includes(name.replace(/^node:/, '')),
  findPackageJSON: () => undefined,
  globalPaths: [],
})

function filesOf({ files }: Life): FileCalls {
  const calls = files?.()
  if (calls instanceof FileCalls) return calls
  throw new Error('this program has no disk')
}

const consumersModule = (): object => {
  const gathered = async (stream: AsyncIterable<Uint8Array | string>): Promise<Buffer> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    return Buffer.concat(chunks)
  }
  return {
    ...members(consumers),
    buffer: gathered,
    arrayBuffer: async (stream: AsyncIterable<Uint8Array>) => new Uint8Array(await gathered(stream)).buffer,
    blob: async (stream: AsyncIterable<Uint8Array>) => new Blob([await gathered(stream)]),
  }
}

/** Node's own `parseArgs` would read this process's arguments. */
const utilModule = ({ process }: Life): object => ({
  ...members(util),
  parseArgs: (config: ParseArgsConfig = {}) =>
    util.parseArgs({ ...config, args: config.args ?? (Reflect.get(process ?? {}, 'argv') as string[]).slice(2) }),
})

const MODULES: { readonly [name: string]: (life: Life) => object } = {
  async_hooks: asyncHooksModule,
  buffer: () => ({ ...members(buffer), Blob, File }),
  child_process: () =>
    refusedModule('child_process', members(childProcess), OTHER_PROCESS, 'Run the real program with chaos run.'),
  cluster: clusterModule,
  console: createConsole,
  crypto: cryptoModule,
  dgram: () =>
    refusedModule('dgram', members(dgram), 'sends datagrams', 'Use node:net, whose connections are simulated.'),
  dns: () => dnsModule,
  'dns/promises': () => dnsPromises,
  fs: () => fsModule(() => filesOf(runningLife())),
  'fs/promises': (life) => (builtin(life, 'fs') as { readonly promises: object }).promises,
  http: httpModule,
  http2: () => ({
    ...refusedModule(
      'http2',
      members(http2),
      'speaks HTTP/2, as gRPC does, which is not simulated yet',
      'Use node:http if CHAOS_SIMULATED is set, or run the real program with chaos run.',
    ),
    constants: http2.constants,
  }),
  https: httpsModule,
  inspector: () =>
    refusedModule('inspector', members(inspector), 'acts on the whole simulation', 'Use chaos replay to debug.'),
  module: moduleModule,
  net: netModule,
  os: osModule,
  perf_hooks: () => ({
    ...perfHooks,
    performance: simulatedPerformance,
    PerformanceObserver: neverCalling(perfHooks.PerformanceObserver),
  }),
  process: ({ process }) => process ?? {},
  timers: () => ({ ...simulatedTimers, promises: promisedTimers }),
  'timers/promises': () => promisedTimers,
  'stream/consumers': consumersModule,
  sys: (life) => builtin(life, 'util') as object,
  tls: tlsModule,
  tty: () => ({ isatty: () => false, ReadStream: class {}, WriteStream: class {} }),
  util: utilModule,
  v8: v8Module,
  vm: vmModule,
  worker_threads: workerModule,
  zlib: zlibModule,
}

/** Returns a built-in module as the running program sees it. */
export function builtin(life: Life, specifier: string): unknown {
  const name = specifier.replace(/^node:/, '')
  const before = life.modules.get(name)
  if (before !== undefined) return before
  const make = MODULES[name]
  const made = make !== undefined ? make(life) : PASSED.has(name) ? real(name) : undefined
  if (made === undefined) throw unknownModule(life, specifier)
  life.modules.set(name, made)
  if (make !== undefined) life.loaded?.(made as object)
  return made
}

function unknownModule(life: Life, specifier: string): Error {
  const name = specifier.replace(/^node:/, '')
  if (isNativeLoader(name) || (/\.node$/.test(name) && life.lacks(specifier))) return noNativeCode(specifier)
  if (name === 'sqlite') return nativeCode(specifier)
  if (builtinModules.includes(name) || specifier.startsWith('node:'))
    return new NotSimulated(`node:${name}`, 'is not implemented yet', 'Skip it if CHAOS_SIMULATED is set.')
  // Packages expect Node's error if another package is not installed.
  if (life.lacks(specifier))
    return Object.assign(new Error(`Cannot find module '${specifier}'`), { code: 'MODULE_NOT_FOUND' })
  if (/\.node$/.test(name)) return nativeCode(specifier)
  return new NotSimulated(
    `loading ${JSON.stringify(specifier)}`,
    'was not found when the program was bundled: its path is computed, a createRequire under another name loads it, or the package is missing',
    'Name modules by literal texts in import or require, and install missing packages.',
  )
}

const nativeCode = (specifier: string): NotSimulated => new NotSimulated(specifier, ...NATIVE_CODE)

/** The `require` of a bundle, for built-in modules. */
export const requireBuiltin: ((specifier: string) => unknown) & { resolve(specifier: string): string } = Object.assign(
  (specifier: string) => builtin(runningLife(), specifier),
  { resolve: (specifier: string) => specifier, cache: {}, extensions: {}, main: undefined },
)

export async function importBuiltin(specifier: unknown): Promise<object> {
  try {
    const module = builtin(runningLife(), String(specifier))
    return { ...(module as object), default: module }
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'MODULE_NOT_FOUND')
      Object.assign(error as Error, { code: 'ERR_MODULE_NOT_FOUND' })
    throw error
  }
}
