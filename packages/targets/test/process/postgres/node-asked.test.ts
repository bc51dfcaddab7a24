import { createServer } from 'node:net'
import { type Completion, type Input, millis } from '@chaosproxy/history'
import { expect, onTestFinished, test } from 'vitest'
import { writeBackend } from '../../../../wire/src/postgresql/backend.ts'
import type { BackendMessage } from '../../../../wire/src/postgresql/message.ts'
import { planPostgres } from '../../../src/client-kinds/postgres/clients.ts'

/** A server that accepts every login, says whether it is a standby, and answers every command with this tag. */
async function standIn(isStandby: boolean, tag: string): Promise<number> {
  const server = createServer((socket) => {
    let isGreeted = false
    const send = (...messages: readonly BackendMessage[]) => socket.write(Buffer.concat(messages.map(writeBackend)))
    socket
      .on('error', () => undefined)
      .on('data', () => {
        const ready: BackendMessage = { kind: 'ready', status: 'I' }
        if (isGreeted) send({ kind: 'command-complete', tag }, ready)
        else {
          const value = isStandby ? 'on' : 'off'
          send(
            { kind: 'authentication', method: 0, bytes: Buffer.alloc(0) },
            { kind: 'parameter-status', name: 'in_hot_standby', value },
            ready,
          )
        }
        isGreeted = true
      })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

test('a PostgreSQL client attributes a write to the primary, and a read to the replica that answered', async () => {
  const nodes = [
    { node: 'n1', host: '127.0.0.1', port: await standIn(false, 'INSERT 0 1') },
    { node: 'n2', host: '127.0.0.1', port: await standIn(true, 'SELECT 0') },
  ]
  const opened = await planPostgres({ kind: 'postgres', reads: 'replicas' }).open({
    ...{ operations: { functions: ['read', 'write'], reads: ['read'], initial: null }, logDir: '.', broke: () => {} },
    nodes: () => nodes,
  })
  onTestFinished(() => opened.close())
  const client = opened.connect(nodes[1]!)
  const ask = (input: Input) =>
    new Promise<Completion>((resolve) => client.invoke({ input, harmless: input.f === 'read' }, millis(5_000), resolve))
  expect(await ask({ f: 'write', key: 'x', value: 1 })).toEqual({ type: 'ok', value: 1, node: 'n1' })
  expect(await ask({ f: 'read', key: 'x', value: null })).toEqual({ type: 'ok', value: null, node: 'n2' })
})
