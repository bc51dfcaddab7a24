import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { inputError, UserError, usageError } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import { allFunctions, judgeAnswer } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { type ClientKind, functions } from '../clients/client-kind.ts'
import { createFirstAnswers } from '../clients/first-answers.ts'
import { createPendingRequests } from '../clients/pending-requests.ts'
import type { OpenedClients, PlannedClients } from '../clients/planned-clients.ts'
import { builtEntry } from '../processes/entry.ts'
import type { FromHost, ToHost } from './messages.ts'

export interface ModuleDeclaration {
  readonly kind: 'module'
  readonly file: string
  readonly functions?: readonly string[] | undefined
}

/** Clients from a user's file, which run on a separate thread. */
export const module: ClientKind<ModuleDeclaration> = {
  kind: 'module',
  entries: {
    file: v.pipe(v.string('must be a file'), v.description('the file whose default export is defineClient({ … })')),
    functions,
  },
  plan: planModule,
}

const LOADING_MS = 10_000
const PING_EVERY_MS = 1_000
/** A thread that is silent for this long counts as stuck in an endless loop. */
const STUCK_MS = 10_000

function planModule(declaration: ModuleDeclaration, where: string, directory: string): PlannedClients {
  const file = resolve(directory, declaration.file)
  if (!existsSync(file))
    throw usageError(`${where}: "file" is ${declaration.file}, which does not exist. Correct the path.`)
  return {
    functions: declaration.functions ?? allFunctions,
    sessions: undefined,
    carries: () => undefined,
    open: ({ asked, broke }) => openModule(file, { named: declaration.file, functions: asked.functions, broke }),
  }
}

interface ModuleOptions {
  readonly named: string
  readonly functions: readonly string[]
  readonly broke: (error: UserError) => void
}

async function openModule(file: string, { named, functions, broke }: ModuleOptions): Promise<OpenedClients> {
  const { thread, ears } = await startThread(file, named, functions)
  const pending = createPendingRequests()
  const firsts = createFirstAnswers(named, broke)
  let clients = 0
  let heardAt = performance.now()
  const heard = (): void => {
    heardAt = performance.now()
  }

  function breakDown(error: UserError): void {
    if (pending.isClosed()) return
    pending.close(error.message)
    broke(error)
  }

  function answered(id: number, answer: unknown): void {
    const request = pending.find(id)
    if (request === undefined) return
    const judged = judgeAnswer(request.input, answer)
    if (judged.type === 'broken') breakDown(inputError(`${named}: ${judged.why}.`))
    else {
      firsts.answered()
      pending.settle(id, judged)
    }
  }

  function thrown(id: number, refused: boolean, error: string): void {
    const request = pending.find(id)
    if (request !== undefined) firsts.failed(request, error)
    if (refused) pending.settle(id, { type: 'fail', error })
    else pending.lose(id, error)
  }

  Object.assign(ears, earsOf(named, { answered, thrown, breakDown, heard }))
  const ping = setInterval(() => {
    if (performance.now() - heardAt > STUCK_MS)
      breakDown(inputError(`${named} is stuck in a loop: it has not returned for ${STUCK_MS / 1000} s.`))
    else tell({ type: 'ping' })
  }, PING_EVERY_MS)
  const tell = (message: ToHost): void => thread.postMessage(message)

  return {
    connect({ node, host, port }) {
      const client = clients++
      return {
        invoke(request, timeoutMs, completed) {
          const late = (number: number) => {
            tell({ type: 'abort', id: number })
            firsts.failed(request, `timeout after ${timeoutMs} ms`)
            pending.lose(number, `timeout after ${timeoutMs} ms`)
          }
          const id = pending.add(request, completed, { afterMs: timeoutMs, late })
          if (id !== undefined)
            tell({ type: 'invoke', id, client, address: { node, host, port }, input: request.input })
        },
        close: () => tell({ type: 'close', client }),
      } satisfies Client
    },
    async close() {
      clearInterval(ping)
      pending.close('client closed')
      await thread.terminate()
    },
  }
}

interface Hearing {
  heard(): void
  answered(id: number, answer: unknown): void
  thrown(id: number, refused: boolean, error: string): void
  breakDown(error: UserError): void
}

function earsOf(named: string, { heard, answered, thrown, breakDown }: Hearing): Ears {
  const bad = (what: string): void => breakDown(inputError(`${named}${what}`))
  return {
    message(message) {
      heard()
      switch (message.type) {
        case 'answer':
          answered(message.id, message.answer)
          break
        case 'thrown':
          thrown(message.id, message.refused, message.error)
          break
        case 'bad':
          breakDown(new UserError(message.code, message.message))
          break
        case 'exited':
          bad(` calls process.exit(${message.exitCode}): it would end chaos itself.`)
          break
        case 'ready':
        case 'pong':
          break
        default:
          message satisfies never
      }
    },
    error: ({ message }) => bad(`: an uncaught error: ${message}. Does a driver emit "error" with no listener?`),
    exit: () => bad(' has ended its thread.'),
  }
}

/** Handlers for the thread's messages and its end, replaceable while it runs. */
interface Ears {
  message(message: FromHost): void
  error(error: Error): void
  exit(): void
}

/**
 * Starts the thread. Resolves once the file is loaded. @throws UserError if the file does not load, or lacks a function
 * that the run needs.
 */
function startThread(
  file: string,
  named: string,
  wanted: readonly string[],
): Promise<{ readonly thread: Worker; readonly ears: Ears }> {
  const thread = new Worker(builtEntry('client-host'), { workerData: file, execArgv: [] })
  const bad = (what: string) => inputError(`${named} ${what}`)
  return new Promise((resolve, reject) => {
    const fail = (error: UserError) => {
      clearTimeout(late)
      // From here on, the thread is ignored.
      Object.assign(ears, { message() {}, error() {}, exit() {} })
      void thread.terminate()
      reject(error)
    }
    const late = setTimeout(
      () => fail(bad(`has not finished loading after ${LOADING_MS / 1000} s: ${LOOP}`)),
      LOADING_MS,
    )
    const ears: Ears = {
      message(message) {
        if (message.type === 'bad') fail(new UserError(message.code, message.message))
        if (message.type === 'exited')
          fail(bad(`calls process.exit(${message.exitCode}) while it is loaded. Leave that out.`))
        if (message.type !== 'ready') return
        const { functions } = message
        const lacking = functions === undefined ? [] : wanted.filter((f) => !functions.includes(f))
        if (lacking.length > 0)
          fail(bad(`does not support ${lacking.join(', ')}: its "functions" are ${functions?.join(', ')}.`))
        clearTimeout(late)
        resolve({ thread, ears })
      },
      error: (error) => fail(bad(`does not run: ${error.message}`)),
      exit: () => fail(bad('awaits something at its top level that never settles.')),
    }
    thread.on('message', (message: FromHost) => ears.message(message))
    thread.on('error', (error) => ears.error(error))
    thread.on('exit', () => ears.exit())
  })
}

const LOOP = 'look for a loop, or an await, outside its functions.'
