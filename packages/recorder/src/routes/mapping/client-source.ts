import { createHash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'
import { findPlace } from '../places/place-of.ts'
import type { ClientSource } from '../table/route-table.ts'
import type { Message } from './message.ts'
import { compileValue } from './value-source.ts'

export interface Peer {
  /** Unique among connections. */
  readonly connection: number
  readonly address: string
  /** The process at the other end of the connection, if it was found. */
  readonly process: string | undefined
}

interface Dialled {
  readonly id: number
  readonly client: { readonly host: string }
  readonly peerProcess?: string | undefined
}

export const peerOf = ({ id, client, peerProcess }: Dialled): Peer => ({
  connection: id,
  address: client.host,
  process: peerProcess,
})

/** The values of `ClientSource` that identify a client by the connection of its request. */
export const peerSources: readonly string[] = ['peer.process', 'peer.address', 'connection']

export type NameClient = (request: Message, peer: Peer) => string | undefined

/** Compiles a function that names clients. Secret names become hashes. */
export function compileClient(source: ClientSource | undefined): NameClient {
  switch (source) {
    case undefined:
      return () => undefined
    case 'connection':
      return (_, { connection }) => `connection ${connection}`
    case 'peer.address':
      return (_, { address }) => address
    case 'peer.process':
      return (_, { process }) => process
    case 'bearer':
      return ({ headers }) => secret(/^bearer +(\S+) *$/i.exec(headers?.get('authorization') ?? '')?.[1])
    default: {
      const read = compileValue(source, 'request')
      const isHandedOut = findPlace(source)?.namesClient === 'recorded'
      const isSecret = isHandedOut || /^header\.(authorization|cookie)$/i.test(source)
      return (request) => {
        const name = nameOf(read({ request }))
        return isSecret ? secret(name) : name
      }
    }
  }
}

/** Returns the client's name. An empty name counts as none. */
function nameOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const secret = (text: string | undefined): string | undefined =>
  text === undefined || text === ''
    ? undefined
    : `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
