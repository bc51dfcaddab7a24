import http from 'node:http'
import net from 'node:net'
import process from 'node:process'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { inputError } from '@chaosproxy/history'
import { turn } from './life.ts'

/** The prefix of programs' file names in stacks. */
export const PROGRAM_FILES = 'simulated:'

type Call = (this: unknown, ...args: unknown[]) => unknown

/**
 * The functions with which a program could reach the real world after its run. Such a call returns the result of
 * `stopped` instead. To recognize such calls, each call outside of a program's turn inspects the call stack.
 */
const WAYS: readonly (readonly [holder: object, name: string, stopped: () => unknown])[] = [
  [globalThis, 'fetch', () => new Promise(() => {})],
  ...(['setTimeout', 'setInterval', 'setImmediate'] as const).map(
    (name) => [globalThis, name, () => NO_TIMER] as const,
  ),
  [net.Socket.prototype, 'connect', endedSocket],
  [net.Server.prototype, 'listen', itself],
  [http.Agent.prototype, 'createConnection', endedSocket],
]

const NO_TIMER = { ref: itself, unref: itself, hasRef: () => false, refresh: itself, close: itself }

function itself(this: unknown): unknown {
  return this
}

function endedSocket(this: unknown): unknown {
  const socket = this instanceof net.Socket ? this : new net.Socket()
  return socket.destroy()
}

let isWatching = false
let found: string | undefined

/** Starts to watch; further calls have no effect. */
export function watchStrays(): void {
  if (isWatching) return
  isWatching = true
  for (const [holder, name, stopped] of WAYS) {
    const original = Reflect.get(holder, name) as Call
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      if (turn.life !== undefined || !isStray()) return Reflect.apply(original, this, args)
      note(name)
      return Reflect.apply(stopped, this, [])
    }
    const { enumerable = false } = Object.getOwnPropertyDescriptor(holder, name) ?? {}
    const value = Object.assign(watched, original)
    Object.defineProperty(holder, name, { value, enumerable, configurable: true, writable: true })
  }
}

/**
 * Any member of this object is the object itself, except `then` and symbols. Calling the object returns it, too. So the
 * code of a stopped program can use it without an error. An uncaught error would end this process.
 */
const NOTHING: object = new Proxy(() => {}, {
  get: (_, name) => (name === 'then' || typeof name === 'symbol' ? undefined : NOTHING),
  apply: () => NOTHING,
})

let mayWake = false

/**
 * Records that a program waits for something other than the simulator, for example in `Atomics.waitAsync`. Node may
 * resume this program after its run.
 */
export const noteWaiting = (): void => {
  mayWake = true
}

/**
 * Node may resume a program after its run has ended. This function hides Node's real `process` object from such a
 * program. Called after the globals have been restored.
 */
export function guardProcess(): void {
  if (!mayWake) return
  Object.defineProperty(globalThis, 'process', {
    configurable: true,
    enumerable: false,
    get() {
      if (turn.life !== undefined || !isStray()) return process
      note('process')
      return NOTHING
    },
    set() {},
  })
}

/** Records a call and prints a warning. The next run throws an error. Without a next run, there is only the warning. */
function note(name: string): void {
  if (found !== undefined) return
  found = name
  process.emitWarning(sentenceOf(name), { code: 'ERR_NOT_SIMULATED' })
}

const sentenceOf = (name: string): string =>
  `A simulated program went on after its run, and called ${name} in the real world; chaos stopped the call. Node.js had resumed the program after an await that the simulator does not control. Skip this await if CHAOS_SIMULATED is set, or test the program on real processes with chaos run.`

/**
 * The number of innermost stack frames that are searched for a program's code. The first of them may belong to a
 * package.
 */
const FRAMES = 30

/** Whether a program's code is on the stack. Called only outside of turns. */
function isStray(): boolean {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = FRAMES
  const { stack = '' } = new Error('where')
  Error.stackTraceLimit = stackTraceLimit
  return stack.includes(PROGRAM_FILES)
}

/** @throws UserError (input) if a program tried to use the network, a timer or `process` after its run had ended. */
export function requireNoStray(program: string): void {
  if (found === undefined) return
  const what = found
  found = undefined
  throw inputError(`${program} cannot be simulated. ${sentenceOf(what)}`)
}

/** How many milliseconds to wait after the last run, so that a program that has not stopped can be noticed. */
const LAST_MOMENT_MS = 20

/**
 * A program may go on after its run has ended. The next run reports such a program. After the last run, there is no
 * next run, so this function must be called.
 *
 * @throws UserError (input) as `requireNoStray` does.
 */
export async function requireQuiet(program: string): Promise<void> {
  if (!isWatching) return
  await setTimeout(LAST_MOMENT_MS)
  // On a busy machine, the timer may fire before other events that were due earlier. They are handled here.
  await setImmediate()
  requireNoStray(program)
}
