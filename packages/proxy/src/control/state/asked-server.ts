import { environmentError, type Json, type UserError } from '@chaosproxy/history'
import type { QueriedServer } from '@chaosproxy/recorder/protocols'
import { FrameReader, type Framing } from '@chaosproxy/wire'
import { dialServer, type Reached } from '../../tls/dial-server.ts'

const TIMEOUT_MS = 10_000

/**
 * Dials a server to read the initial values of keys. The server sends one reply for each message.
 *
 * @throws UserError (environment) if the server cannot be reached.
 */
export async function askServer(upstream: Reached, framing: Framing): Promise<QueriedServer> {
  const unusable = (why: string): UserError =>
    environmentError(
      `"initial": "read" failed for the server at ${upstream.host}:${upstream.port}: ${why}. Start the server before the proxy, or leave "initial" out: initial values are then unknown.`,
    )
  const socket = await dialServer(upstream, TIMEOUT_MS)
  const waiting: { resolve: (answer: Json) => void; reject: (error: UserError) => void }[] = []
  let failure: UserError | undefined
  const fail = (why: string): void => {
    failure ??= unusable(why)
    for (const { reject } of waiting.splice(0)) reject(failure)
    socket.destroy()
  }
  const unread = `its answer is no ${framing.name}`
  const reader = new FrameReader({ scanner: framing.scanner('responses'), maxFrameBytes: 1 << 29 })
  socket.on('data', (bytes: Buffer) => {
    reader.read(bytes, {
      frame(frame) {
        const answer = framing.read(frame)
        if (answer === undefined) fail(unread)
        else waiting.shift()?.resolve(answer)
      },
      loose: () => fail(unread),
    })
  })
  socket.on('error', (error) => fail(error.message))
  socket.on('timeout', () => fail(`no answer within ${TIMEOUT_MS} ms`))
  socket.on('close', () => fail('it closed the connection'))
  return {
    ask: (request) =>
      new Promise<Json>((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        waiting.push({ resolve, reject })
        socket.write(framing.write(request, 'requests'))
      }),
    unusable,
    close: () => void socket.destroy(),
  }
}
