import type { TLSSocket } from 'node:tls'
import { foundOrMade } from '@chaosproxy/history'

interface Target {
  readonly host: string
  readonly port: number
}

/** The result of offering one protocol. `ignored`: the server negotiates no protocol. */
type Answer = 'agreed' | 'ignored' | 'failed'

export interface SpokenProtocolsOptions {
  readonly protocols: readonly string[]
  /** Begins a handshake that offers one protocol. The socket closes within a limited time. */
  readonly offer: (target: Target, protocol: string) => TLSSocket
}

/** The ALPN protocols that servers speak. Each is offered to a server when its first client connects. */
export interface SpokenProtocols {
  /** Returns the protocols to which the server agrees: none if it ignores ALPN, all if every handshake fails. */
  of(target: Target): Promise<readonly string[]>
  /**
   * Forgets the protocols of a server after a failed handshake. The protocols are offered again when the next client
   * connects, because the server may no longer speak them.
   */
  forget(target: Target): void
}

export function createSpokenProtocols({ protocols, offer }: SpokenProtocolsOptions): SpokenProtocols {
  const known: Map<string, Promise<readonly string[]>> = new Map()

  async function ask(target: Target): Promise<readonly string[]> {
    const answers: Answer[] = []
    for (const protocol of protocols) answers.push(await answerOf(offer(target, protocol), protocol))
    if (answers.includes('agreed')) return protocols.filter((_, at) => answers[at] === 'agreed')
    if (answers.includes('ignored')) return []
    known.delete(nameOf(target))
    return protocols
  }

  return {
    of(target) {
      const name = nameOf(target)
      return foundOrMade(known, name, () => ask(target))
    },
    forget: (target) => void known.delete(nameOf(target)),
  }
}

const nameOf = ({ host, port }: Target): string => `${host} ${port}`

const answerOf = (socket: TLSSocket, protocol: string): Promise<Answer> =>
  new Promise((resolve) => {
    socket.once('secureConnect', () => {
      resolve(socket.alpnProtocol === protocol ? 'agreed' : 'ignored')
      socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.once('close', () => resolve('failed'))
  })
