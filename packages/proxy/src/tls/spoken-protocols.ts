import type { TLSSocket } from 'node:tls'

interface Target {
  readonly host: string
  readonly port: number
}

/** What became of an offer of one protocol. `ignored`: the server negotiates none. */
type Answer = 'agreed' | 'ignored' | 'failed'

export interface SpokenProtocolsOptions {
  /** In the order of preference. */
  readonly protocols: readonly string[]
  /** Begins a handshake that offers one of them. The socket is closed within a limited time. */
  readonly offer: (target: Target, protocol: string) => TLSSocket
}

/** The ALPN protocols that servers speak. Each is asked when its first client comes, for one protocol after another. */
export interface SpokenProtocols {
  /** Those that the server agrees to; none if it negotiates none, and all if it cannot be asked. */
  of(target: Target): Promise<readonly string[]>
  /** The server did not speak what it agreed to: it is asked again. */
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
      const spoken = known.get(name) ?? ask(target)
      known.set(name, spoken)
      return spoken
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
