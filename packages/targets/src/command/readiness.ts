import { statSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { addressText, environmentError, inputError, type UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Keeper } from '../keeper/keeper.ts'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import { type CommandProcess, type Exit, howItEnded } from './command-process.ts'
import { endOfLog, lastWords, readFrom } from './log-tail.ts'
import { runToEnd } from './run-to-end.ts'

/** When a server is ready. Its address may change. */
export type Readiness =
  | { readonly by: 'tcp'; readonly address: Address }
  /** The server answers a GET with `status`; by default with any status from 200 to 299. */
  | {
      readonly by: 'http'
      readonly address: Address
      readonly path: string
      readonly status?: number | undefined
    }
  /** The server prints a line that this regular expression matches. */
  | { readonly by: 'log'; readonly pattern: string }
  /** The command, which is run repeatedly, exits with code 0. */
  | { readonly by: 'command'; readonly command: ProgramCommand }

/** Like `Readiness`, but ports are given by name, and other texts may contain placeholders. */
export type NodeReadiness<Port extends string, Command = ProgramCommand> =
  | { readonly by: 'tcp'; readonly port?: Port | undefined }
  | {
      readonly by: 'http'
      readonly port?: Port | undefined
      readonly path: string
      readonly status?: number | undefined
    }
  | Extract<Readiness, { readonly by: 'log' }>
  | { readonly by: 'command'; readonly command: Command }

interface UntilReadyOptions {
  readonly name: string
  readonly process: CommandProcess
  readonly keeper: Keeper
  readonly logPath: string
  /** The size that the log had when this process started, in bytes. */
  readonly logOffset: number
  /** Whether the server has served in an earlier life, so that its settings are known to be right. */
  readonly isAgain?: boolean | undefined
}

const TRY_EVERY_MS = 20
const LONGEST_TRY_MS = 1_000

/**
 * Resolves once the server is ready. The caller limits the wait by ending the process.
 *
 * @throws UserError (environment) if the process ends first, with its last output in the message; (input) for an
 * invalid pattern.
 */
export async function untilReady(readiness: Readiness, options: UntilReadyOptions): Promise<void> {
  const { name, process, logPath } = options
  const isReady = attemptFor(readiness, options)
  let ended = false
  const end = process.exited.then(() => {
    ended = true
  })
  while (!ended) {
    if ((await isReady()) && process.running()) return
    await Promise.race([wait(TRY_EVERY_MS), end])
  }
  const exit = await process.exited
  throw options.isAgain ? notAgain(name, logPath, exit) : neverReady(name, logPath, exit)
}

export const neverReady = (name: string, logPath: string, exit: Exit): UserError =>
  environmentError(`${name} did not start (${howItEnded(exit)}). ${endOfLog(logPath)}`)

const notAgain = (name: string, logPath: string, exit: Exit): UserError =>
  environmentError(
    `${name} did not start again (${howItEnded(exit)}); its last output: ${lastWords(logPath)} (${logPath})`,
  )

export function readinessText(readiness: Readiness): string {
  switch (readiness.by) {
    case 'tcp':
      return `accepts connections on ${readiness.address.host}:${readiness.address.port}`
    case 'http':
      return `answers ${urlOf(readiness)} with ${readiness.status ?? 'a status from 200 to 299'}`
    case 'log':
      return `prints a line that matches /${readiness.pattern}/`
    case 'command':
      return `"${commandText(readiness.command)}" exits with 0`
  }
}

/**
 * Returns a function that checks once whether the server is ready. @throws UserError (input) for an invalid pattern.
 */
export function attemptFor(readiness: Readiness, options: Omit<UntilReadyOptions, 'process'>): () => Promise<boolean> {
  switch (readiness.by) {
    case 'tcp':
      return () => accepts(readiness.address)
    case 'http':
      return () => answers(urlOf(readiness), readiness.status)
    case 'log': {
      const pattern = patternOf(readiness.pattern)
      // The last line may be incomplete.
      return async () =>
        readFrom(options.logPath, options.logOffset)
          .split('\n')
          .slice(0, -1)
          .some((line) => pattern.test(line))
    }
    case 'command': {
      const { keeper, name, logPath } = options
      return async () => {
        const { command } = readiness
        const end = await runToEnd({ name: `${name}'s readiness`, command, keeper, logPath, timeoutMs: LONGEST_TRY_MS })
        return end.code === 0
      }
    }
  }
}

const urlOf = ({ address, path }: Extract<Readiness, { readonly by: 'http' }>): string =>
  `http://${addressText(address)}${path}`

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw inputError(`${text} is not a regular expression (${(error as Error).message})`)
  }
}

export const sizeOf = (logPath: string): number => statSync(logPath, { throwIfNoEntry: false })?.size ?? 0

function accepts({ port, host }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    socket.setTimeout(LONGEST_TRY_MS)
    const end = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

function answers(url: string, status: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: LONGEST_TRY_MS }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(status === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === status)
      request.destroy()
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(false))
  })
}
