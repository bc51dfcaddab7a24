import { parentPort, workerData } from 'node:worker_threads'
import { UserError } from '@chaosproxy/history'
import { badBy, reportExit } from '../user-files/vet-on-thread.ts'
import type { FromHost, ToHost } from './messages.ts'
import {
  type ClientModule,
  errorText,
  isRefusal,
  loadClientModule,
  type ModuleClient,
  requireClient,
} from './module-file.ts'

// Runs the clients of a user's file on a separate thread. An endless loop, an uncaught error or a process.exit ends
// only this thread.

const path = String(workerData)
const port = parentPort
if (port === null) throw new Error('this file must run as a worker thread')

const post = (message: FromHost): void => port.postMessage(message)

reportExit(post)

const clients = new Map<number, Promise<ModuleClient>>()
const waiting = new Map<number, AbortController>()

async function invoke(
  module: ClientModule,
  { id, client, address, input }: Extract<ToHost, { readonly type: 'invoke' }>,
): Promise<void> {
  let opened: ModuleClient
  try {
    let opening = clients.get(client)
    if (opening === undefined) {
      opening = Promise.resolve(module.open(address)).then((made) => requireClient(made, path))
      clients.set(client, opening)
    }
    opened = await opening
  } catch (error) {
    clients.delete(client)
    if (error instanceof UserError) post(badBy(error))
    // No operation has been requested yet, so refusing is safe.
    post({ type: 'thrown', id, refused: true, error: `"open" failed: ${errorText(error, path)}` })
    return
  }
  const abort = new AbortController()
  waiting.set(id, abort)
  try {
    answer(id, await opened.invoke(input, abort.signal))
  } catch (error) {
    post({ type: 'thrown', id, refused: isRefusal(error), error: errorText(error, path) })
  } finally {
    waiting.delete(id)
  }
}

function answer(id: number, value: unknown): void {
  try {
    post({ type: 'answer', id, answer: value })
  } catch {
    // The thread cannot send some values, such as functions.
    const message = `${path}: "invoke" returned a value of type ${typeof value} that JSON cannot represent. Return only JSON values.`
    post({ type: 'bad', code: 'input', message })
  }
}

async function close(client: number): Promise<void> {
  const opening = clients.get(client)
  clients.delete(client)
  try {
    await (await opening)?.close?.()
  } catch {
    // A failure of `close` is ignored, because the thread ends together with the client.
  }
}

try {
  const module = await loadClientModule(path)
  port.on('message', (message: ToHost) => {
    switch (message.type) {
      case 'invoke':
        void invoke(module, message)
        return
      case 'abort':
        waiting.get(message.id)?.abort(new Error('the caller no longer waits'))
        return
      case 'close':
        void close(message.client)
        return
      case 'ping':
        post({ type: 'pong' })
    }
  })
  post({ type: 'ready', functions: module.functions })
} catch (error) {
  post(badBy(error))
}
