import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { inputError, UserError, usageError } from '@chaosproxy/history'
import type { Client } from '@chaosproxy/runner'
import { allFunctions } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { type ClientKind, functions } from '../clients/client-kind.ts'
import type { OpenedClients, PlannedClients } from '../clients/planned-clients.ts'
import { createUserRequests } from '../clients/user-requests.ts'
import { builtEntry } from '../processes/entry.ts'
import { firstMessage } from '../user-files/vet-file.ts'
import type { Bad } from '../user-files/vet-on-thread.ts'
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
    open: ({ operations, broke }) =>
      openModule(file, { named: declaration.file, functions: operations.functions, broke }),
  }
}

interface ModuleOptions {
  readonly named: string
  readonly functions: readonly string[]
  readonly broke: (error: UserError) => void
}

async function openModule(file: string, { named, functions, broke }: ModuleOptions): Promise<OpenedClients> {
  const thread = await startThread(file, named, functions)
  const requests = createUserRequests(named, broke)
  const bad = (what: string) => requests.breakDown(inputError(`${named}${what}`))
  let clients = 0
  let heardAt = performance.now()
  thread.on('message', (message: FromHost) => {
    heardAt = performance.now()
    switch (message.type) {
      case 'answer': {
        const why = requests.answered(message.id, message.answer)
        if (why !== undefined) bad(`: ${why}.`)
        break
      }
      case 'thrown': {
        const { id, refused, error } = message
        requests.failed(id, error, refused ? { type: 'fail', error } : undefined)
        break
      }
      case 'bad':
        requests.breakDown(new UserError(message.code, message.message))
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
  })
  thread.on('error', ({ message }: Error) =>
    bad(`: an uncaught error: ${message}. Does a driver emit "error" with no listener?`),
  )
  thread.on('exit', () => bad(' has ended its thread.'))
  const ping = setInterval(() => {
    if (performance.now() - heardAt > STUCK_MS)
      bad(` is stuck in a loop: it has not returned for ${STUCK_MS / 1000} s.`)
    else post({ type: 'ping' })
  }, PING_EVERY_MS)
  const post = (message: ToHost) => thread.postMessage(message)
  return {
    connect({ node, host, port }) {
      const client = clients++
      return {
        invoke(request, timeoutMs, completed) {
          const late = (number: number) => {
            post({ type: 'abort', id: number })
            requests.failed(number, `timeout after ${timeoutMs} ms`)
          }
          const id = requests.add(request, completed, { afterMs: timeoutMs, late })
          if (id !== undefined)
            post({ type: 'invoke', id, client, address: { node, host, port }, input: request.input })
        },
        close: () => post({ type: 'close', client }),
      } satisfies Client
    },
    async close() {
      clearInterval(ping)
      requests.close('client closed')
      await thread.terminate()
    },
  }
}

/**
 * Starts the thread. Resolves once the file is loaded. @throws UserError if the file does not load, or lacks a function
 * that the run needs.
 */
async function startThread(file: string, named: string, wanted: readonly string[]): Promise<Worker> {
  const thread = new Worker(builtEntry('client-host'), { workerData: file, execArgv: [] })
  const bad = (what: string) => inputError(`${named} ${what}`)
  try {
    const message = await firstMessage<Exclude<FromHost, Bad>>(thread, bad, { withinMs: LOADING_MS })
    if (message.type === 'exited')
      throw bad(`calls process.exit(${message.exitCode}) while it is loaded. Leave that out.`)
    const functions = message.type === 'ready' ? message.functions : undefined
    const lacking = functions === undefined ? [] : wanted.filter((f) => !functions.includes(f))
    if (lacking.length > 0)
      throw bad(`does not support ${lacking.join(', ')}: its "functions" are ${functions?.join(', ')}.`)
    return thread
  } catch (error) {
    void thread.terminate()
    throw error
  }
}
