import fs from 'node:fs'
import net from 'node:net'
import { PerformanceObserver } from 'node:perf_hooks'
import vm from 'node:vm'
import { NotSimulated } from '../refusal.ts'
import { runningLife, turn } from '../world/life.ts'
import { patchNetwork } from '../world/servers.ts'
import { guardProcess, noteWaiting } from '../world/strays.ts'
import { blobMembers, blobOfBody, noting } from './blob.ts'
import { digest, fill, uuidFrom } from './chance.ts'
import { simulatedDate } from './clock.ts'
import { simulatedFetch } from './http/fetch.ts'
import { setPrototypeOfMessages, signalOf } from './http/shapes.ts'
import { type Intrinsics, noteIntrinsics } from './intrinsics.ts'
import { neverCalling } from './never-calling.ts'
import { refusedFunction } from './refused.ts'
import { builtin } from './registry.ts'
import { simulatedScript } from './scripts.ts'
import { simulatedTimers } from './timers.ts'
import { simulatedWebAssembly } from './web-assembly.ts'

type Holder = { [name: string]: unknown }
type Call = (this: unknown, ...args: unknown[]) => unknown

/** The globals of this process, kept while the simulator's globals replace them. */
interface TakenGlobals {
  readonly intrinsics: Intrinsics
  giveBack(): void
}

function take(): TakenGlobals {
  const giveBack = installAmbient()
  return { intrinsics: noteIntrinsics(), giveBack }
}

/** The current series of runs. Its first run replaces the globals, and the others reuse them. */
let series: { taken: TakenGlobals | undefined } | undefined

export function takeGlobals(): TakenGlobals {
  if (series === undefined) return take()
  series.taken ??= take()
  return { ...series.taken, giveBack() {} }
}

/**
 * Runs a function outside of any promise job, because other promises cannot be run to completion inside a promise job.
 * All simulation runs that the function starts share one replacement of the globals.
 */
export const outsidePromises = <T>(run: () => T): Promise<T> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      series = { taken: undefined }
      try {
        resolve(run())
      } catch (error) {
        reject(error)
      } finally {
        series.taken?.giveBack()
        series = undefined
      }
    })
  })

/** Replaces globals that packages access directly. Outside of programs, the replacements behave like the originals. */
function installAmbient(): () => void {
  const undo: (() => void)[] = [guardProcess, patchNetwork()]
  const put = (holder: object, name: string, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(holder, name)
    Object.defineProperty(holder, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: before?.enumerable ?? false,
    })
    undo.push(() => {
      if (before === undefined) delete (holder as Holder)[name]
      else Object.defineProperty(holder, name, before)
    })
  }
  const patch = (holder: object, name: string, simulated: Call): void => {
    const original = Reflect.get(holder, name) as Call
    const replaced = function (this: unknown, ...args: unknown[]) {
      return Reflect.apply(turn.life === undefined ? original : simulated, this, args)
    }
    put(holder, name, Object.assign(replaced, original, simulated))
  }
  const answer = (name: string, simulated: () => unknown): void => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    const real: unknown = Reflect.get(globalThis, name)
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: before?.enumerable ?? false,
      get: () => (turn.life === undefined ? real : simulated()),
      // Assignments have no effect, because a program must not change the globals of this process.
      set() {},
    })
    undo.push(() => {
      if (before !== undefined) Object.defineProperty(globalThis, name, before)
    })
  }
  // Code compiled from a string sees only these globals.
  answer('process', () => runningLife().process ?? {})
  answer('console', () => builtin(runningLife(), 'console'))
  for (const [name, simulated] of Object.entries(simulatedTimers)) patch(globalThis, name, simulated as Call)
  put(Function.prototype, 'toString', rememberingText())
  put(Date.prototype, 'constructor', simulatedDate)
  put(globalThis, 'Date', simulatedDate)
  patch(Math, 'random', () => runningLife().random.next())
  const { performance } = globalThis
  patch(Object.getPrototypeOf(performance) as object, 'now', () => runningLife().steadyMs())
  const crypto: object = Object.getPrototypeOf(globalThis.crypto)
  patch(crypto, 'getRandomValues', (view) => fill(runningLife().random, view as Uint8Array))
  patch(crypto, 'randomUUID', () => uuidFrom(runningLife().random))
  patchSubtle(patch)
  patch(globalThis, 'fetch', simulatedFetch as Call)
  patch(Object, 'setPrototypeOf', setPrototypeOfMessages as Call)
  patch(AbortSignal, 'timeout', (delayMs) => timeoutSignal(Number(delayMs)))
  patchBlobs(put, patch)
  patchWebAssembly(put, patch)
  keepInside(put, patch)
  for (const [name, { because, instead }] of Object.entries(REFUSED)) {
    const original: unknown = Reflect.get(globalThis, name)
    if (typeof original !== 'function') continue
    const construct = (target: object, args: unknown[], made: unknown): object => {
      if (turn.life !== undefined) throw new NotSimulated(`new ${name}()`, because, instead)
      return Reflect.construct(target as () => void, args, made as () => void) as object
    }
    put(globalThis, name, new Proxy(original, { construct }))
  }
  return () => {
    for (const each of undo.reverse()) each()
  }
}

type Put = (holder: object, name: string, value: unknown) => void
type Patch = (holder: object, name: string, simulated: Call) => void

function patchBlobs(put: Put, patch: Patch): void {
  const { slice } = Blob.prototype
  const members = blobMembers((blob, args) => Reflect.apply(slice, blob, args))
  for (const [name, simulated] of Object.entries(members))
    if (name in Blob.prototype) patch(Blob.prototype, name, simulated)
  for (const { prototype } of [Request, Response])
    patch(prototype, 'blob', function (this: unknown) {
      return blobOfBody(this as Response)
    })
  put(globalThis, 'Blob', noting(Blob))
  put(globalThis, 'File', noting(File))
}

function patchWebAssembly(put: Put, patch: Patch): void {
  const holder = Reflect.get(globalThis, 'WebAssembly') as object
  const { Module, members } = simulatedWebAssembly()
  put(holder, 'Module', Module)
  put(Module.prototype as object, 'constructor', Module)
  for (const [name, simulated] of Object.entries(members)) patch(holder, name, simulated as Call)
}

/** Hides classes and events of Node through which programs could reach real resources. */
function keepInside(put: Put, patch: Patch): void {
  hideClasses(put)
  silence(put)
  patch(net.Socket.prototype, 'connect', () => {
    const isOfAgent = new Error().stack?.includes('node:internal/deps/undici/') === true
    return (isOfAgent ? refusedAgent : refusedSocket)()
  })
  const waitAsync = Reflect.get(Atomics, 'waitAsync') as Call
  patch(Atomics, 'waitAsync', function (this: unknown, ...args) {
    noteWaiting()
    return Reflect.apply(waitAsync, this, args)
  })
}

const REAL = 'opens a real connection'

const refusedSocket = refusedFunction("connecting Node's real net.Socket", REAL, 'Use the Socket of node:net.')

/** undici uses this object as its global dispatcher. */
const refusedAgent = refusedFunction(
  "the dispatcher of Node's own fetch, which the package undici uses as well,",
  REAL,
  'Use the global fetch, or give each call of undici a dispatcher: fetch(url, { dispatcher: new Agent() }).',
)

const THREAD = 'delivers messages through a thread, whose timing the simulator does not control'

const REFUSED: { readonly [name: string]: { readonly because: string; readonly instead: string } } = {
  MessageChannel: { because: THREAD, instead: 'Use setImmediate or an EventEmitter.' },
  BroadcastChannel: { because: THREAD, instead: 'Use an EventEmitter.' },
  CompressionStream: { because: 'compresses in a thread', instead: 'Use zlib.gzipSync.' },
  DecompressionStream: { because: 'decompresses in a thread', instead: 'Use zlib.gunzipSync.' },
  WebSocket: { because: REAL, instead: 'Use the package ws.' },
  EventSource: { because: REAL, instead: 'Read the stream with fetch.' },
}

/**
 * Caches the results of `Function.prototype.toString`, because Node computes them from the source each time. A package
 * that uses a function as a key calls `toString` a thousand times on loading.
 */
function rememberingText(): Call {
  const { toString: original } = Function.prototype
  const texts = new WeakMap<object, string>()
  const { toString: remembering } = {
    toString(this: object): string {
      const known = texts.get(this)
      if (known !== undefined) return known
      const text = Reflect.apply(original, this, []) as string
      texts.set(this, text)
      return text
    },
  }
  texts.set(remembering, Reflect.apply(original, original, []) as string)
  return remembering as Call
}

/** The rejection is created only when the timeout occurs. */
function timeoutSignal(delayMs: number): AbortSignal {
  const controller = new AbortController()
  runningLife().after(delayMs, () => {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
    Error.stackTraceLimit = stackTraceLimit
    controller.abort(reason)
  })
  return signalOf(controller)
}

function patchSubtle(patch: Patch): void {
  const subtle: object = Object.getPrototypeOf(globalThis.crypto.subtle)
  for (const name of Object.getOwnPropertyNames(subtle)) {
    const value = Object.getOwnPropertyDescriptor(subtle, name)?.value as unknown
    if (typeof value !== 'function' || name === 'constructor') continue
    if (name === 'digest') patch(subtle, name, digest as Call)
    else
      patch(subtle, name, () => {
        throw new NotSimulated(`crypto.subtle.${name}`, 'works in a thread', 'Use the functions of node:crypto.')
      })
  }
}

function hideClasses(put: Put): void {
  put(vm.Script.prototype, 'constructor', simulatedScript)
  for (const { prototype } of [fs.ReadStream, fs.WriteStream]) put(prototype, 'constructor', Object)
}

/**
 * Prevents Node from calling a program's callbacks after a garbage collection, because the time of a collection depends
 * on the machine.
 */
function silence(put: Put): void {
  const classes = { FinalizationRegistry, PerformanceObserver }
  for (const [name, original] of Object.entries(classes)) {
    const silent = neverCalling(original)
    put(globalThis, name, silent)
    put(original.prototype, 'constructor', silent)
  }
}
