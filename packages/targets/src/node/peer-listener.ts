import { createServer, type Server, type Socket } from 'node:net'
import type { NodeId } from '@chaosproxy/faults'
import { isObject } from '@chaosproxy/history'

/** The longest line, in characters. Messages of nodes are shorter. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024

interface PeerListenerOptions {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly received: (from: NodeId, message: unknown) => void
  readonly linked: () => void
  readonly refused: (reason: string) => void
}

/**
 * Returns the receiving side of the links from all peers. A connection carries a line that names the sender, then one
 * JSON message per line.
 */
export function createPeerListener(options: PeerListenerOptions): { readonly server: Server; close(): void } {
  const open = new Set<Socket>()
  const current = new Map<NodeId, Socket>()
  const absent = new Set(options.peers)

  const server = createServer({ noDelay: true }, (socket) => {
    let from: NodeId | undefined
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      if (from !== undefined && current.get(from) === socket) current.delete(from)
    })

    function line(text: string): void {
      const value: unknown = JSON.parse(text)
      if (from !== undefined) {
        options.received(from, value)
        return
      }
      // A greeting may be for another node, whose port this node has reused.
      const name =
        isObject(value) && value['to'] === options.id && typeof value['from'] === 'string' ? value['from'] : undefined
      if (name === undefined || !options.peers.includes(name))
        throw new Error('the first line is not a greeting of a peer to this node')
      from = name
      // If the sender has dialled again, older messages on its old connection must not arrive after newer ones.
      current.get(name)?.destroy()
      current.set(name, socket)
      if (absent.delete(name) && absent.size === 0) options.linked()
    }
    readLines(socket, (text) => {
      if (socket.destroyed) return
      try {
        line(text)
      } catch (error) {
        socket.destroy()
        options.refused(
          `${from ?? 'an unknown sender'} sent something that is not a message: ${(error as Error).message}`,
        )
      }
    })
  })
  return {
    server,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

function readLines(socket: Socket, line: (text: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    let start = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      const text = rest + chunk.slice(start, end)
      rest = ''
      start = end + 1
      line(text)
    }
    rest += chunk.slice(start)
    if (rest.length > MAX_LINE_LENGTH) socket.destroy()
  })
}
