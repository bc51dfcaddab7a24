// Forwards connections to a server. Resets a connection if `isEnough` returns true for a text that its client sends.
import { createConnection, createServer } from 'node:net'

export async function forwarder(port, isEnough) {
  const listener = createServer((client) => {
    const server = createConnection(port, '127.0.0.1')
    const reset = () => {
      client.resetAndDestroy()
      server.destroy()
    }
    client.on('error', reset).on('close', () => server.destroy())
    server.on('error', reset).on('close', () => client.destroy())
    server.pipe(client)
    client.on('data', (data) => (isEnough(data.toString('latin1')) ? reset() : server.write(data)))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  return { port: listener.address().port, stop: () => listener.close() }
}
