import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cleanUp } from './sockets.ts'

// Clients in a process of their own, where one process may not have as many descriptors as both ends take.

const PROGRAM = `
import { connect } from 'node:net'
const sockets = []
const answered = (socket) => new Promise((resolve, reject) => {
  const failed = () => reject(new Error('a connection ended'))
  socket.once('close', failed)
  socket.once('data', () => {
    socket.off('close', failed)
    resolve()
  })
  socket.write('x')
})
const doings = {
  async open({ port, connections }) {
    for (let opened = 0; opened < connections; opened += 100) {
      const batch = Array.from({ length: Math.min(100, connections - opened) }, () => connect({ port, host: '127.0.0.1' }))
      sockets.push(...batch)
      for (const socket of batch) socket.on('error', () => undefined)
      await Promise.all(batch.map(answered))
    }
    return sockets.length
  },
  async exchange() {
    await Promise.all(sockets.map(answered))
    return sockets.length
  },
}
process.on('message', async ({ what, ...request }) => process.send(await doings[what](request)))
process.on('disconnect', () => process.exit())
`

export interface Clients {
  /** Each has sent something and got it back. How many there are now. */
  open(port: number, connections: number): Promise<number>
  /** Once more; how many did. */
  exchange(): Promise<number>
  stop(): void
}

export function startClients(): Clients {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  cleanUp(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the clients' process ended with code ${code}`)
  })
  // In the end it is stopped on purpose.
  ended.catch(() => undefined)
  async function ask(request: object): Promise<number> {
    const answer = once(child, 'message')
    child.send(request)
    const [count] = await Promise.race([answer, ended])
    return count as number
  }
  return {
    open: (port, connections) => ask({ what: 'open', port, connections }),
    exchange: () => ask({ what: 'exchange' }),
    stop: () => void child.kill('SIGKILL'),
  }
}
