import { EventEmitter } from 'node:events'
import { builtinModules } from 'node:module'
import process from 'node:process'
import { Readable, Writable } from 'node:stream'
import { types } from 'node:util'
import { NotSimulated } from '../refusal.ts'
import { type Life, runningLife } from '../world/life.ts'
import { NATIVE_CODE, refusedFunction } from './refused.ts'
import { builtin } from './registry.ts'

export interface ProcessOptions {
  /** The program's file, as in `process.argv`. */
  readonly entry: string
  readonly directory: string
  readonly args: readonly string[]
  readonly environment: { readonly [name: string]: string }
}

const MB = 1 << 20

const EMITTERS: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(new EventEmitter()))

/** Removes all properties added to `process`. Returns false if one cannot be removed. */
export function emptyProcess(made: EventEmitter): boolean {
  EventEmitter.prototype.removeAllListeners.call(made)
  Object.assign(made, { _maxListeners: undefined })
  let isEmpty = true
  for (const name of Reflect.ownKeys(made))
    if (!EMITTERS.has(name) && !Reflect.deleteProperty(made, name)) isEmpty = false
  return isEmpty
}

type Environment = { [name: string]: string }

function fillEnvironment(env: Environment, environment: Readonly<Environment>): Environment {
  for (const name of Object.keys(env)) delete env[name]
  const value = (): string => '[object process]'
  return Object.defineProperty(Object.assign(env, environment), 'toString', { value, configurable: true })
}

/** Adds the members of a program's `process` to an empty emitter, and the program's environment to `env`. */
export function fillProcess(
  made: EventEmitter,
  env: Environment,
  { entry, directory, args, environment }: ProcessOptions,
  life: Life,
): void {
  const pid = 100 + life.number
  const nanosNow = (): bigint => BigInt(Math.round(runningLife().steadyMs() * 1e6)) + 1_000_000_000n
  const hrtime = Object.assign(
    ([seconds, nanos]: readonly [number, number] = [0, 0]): [number, number] => {
      const passed = nanosNow() - (BigInt(seconds) * 1_000_000_000n + BigInt(nanos))
      return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)]
    },
    { bigint: nanosNow },
  )
  const memory = { rss: 64 * MB, heapTotal: 32 * MB, heapUsed: 16 * MB, external: MB, arrayBuffers: 0 }
  const unsimulated = (name: string, instead: string) =>
    refusedFunction(`process.${name}`, 'acts on the real process', instead)
  const binding = unsimulated('binding', 'Use the public modules of Node.')
  defineStreams(made, { stdout: () => output(), stderr: () => output(), stdin: () => Readable.from([]) })
  Object.assign(made, {
    title: 'node',
    version: process.version,
    versions: { ...process.versions },
    arch: process.arch,
    platform: process.platform,
    release: process.release,
    features: process.features,
    config: process.config,
    argv: ['node', entry, ...args],
    argv0: 'node',
    execArgv: [],
    execPath: 'node',
    env: fillEnvironment(env, environment),
    pid,
    ppid: 1,
    exitCode: undefined,
    cwd: () => directory,
    chdir: unsimulated('chdir', 'Build paths from process.cwd().'),
    umask: () => 0o22,
    getuid: () => 1_000,
    geteuid: () => 1_000,
    getgid: () => 1_000,
    getegid: () => 1_000,
    nextTick: process.nextTick,
    hrtime,
    uptime: () => runningLife().steadyMs() / 1e3,
    memoryUsage: Object.assign(() => ({ ...memory }), { rss: () => memory.rss }),
    cpuUsage: () => ({ user: Math.round(runningLife().steadyMs() * 1e3), system: 0 }),
    resourceUsage: () => ({ userCPUTime: 0, systemCPUTime: 0, maxRSS: 64 * 1024 }),
    emitWarning: (warning: unknown) => runningLife().log(`warning: ${String(warning)}`),
    exit: (code?: number) => runningLife().exit(Number(code ?? (made as { exitCode?: number }).exitCode ?? 0)),
    reallyExit: (code?: number) => runningLife().exit(Number(code ?? 0)),
    abort: () => runningLife().exit(134),
    kill(target: number, signal: string | number = 'SIGTERM') {
      if (target !== pid)
        throw new NotSimulated('process.kill', 'would end a process that is not a node', 'Leave it out.')
      if (signal === 0) return true
      if (typeof signal === 'string' && made.listenerCount(signal) > 0) return made.emit(signal, signal)
      return runningLife().exit(143)
    },
    // lodash uses `process.binding('util')` for type checks.
    binding: (name: unknown) => (name === 'util' ? types : binding()),
    dlopen: refusedFunction('process.dlopen', ...NATIVE_CODE),
    setUncaughtExceptionCaptureCallback: unsimulated(
      'setUncaughtExceptionCaptureCallback',
      "Listen to process.on('uncaughtException').",
    ),
    getBuiltinModule: (name: unknown) => builtinIfKnown(String(name)),
    setSourceMapsEnabled() {},
    getActiveResourcesInfo: () => [],
  })
}

const builtinIfKnown = (name: string): unknown =>
  builtinModules.includes(name.replace(/^node:/, '')) ? builtin(runningLife(), name) : undefined

/** Defines streams that are created on first use, as in Node. */
function defineStreams(process: object, streams: { readonly [name: string]: () => unknown }): void {
  for (const [name, make] of Object.entries(streams)) {
    let made: unknown
    const get = (): unknown => {
      made ??= make()
      return made
    }
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get })
  }
}

/** Returns a stream that writes whole lines to the node's log. */
function output(): Writable {
  let rest = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) runningLife().log(line)
      done()
    },
  })
  return Object.assign(stream, { isTTY: false, fd: 1 })
}
