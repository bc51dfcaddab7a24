import https from 'node:https'
import { Stream } from 'node:stream'
import tls from 'node:tls'
import { NotSimulated } from '../refusal.ts'
import { SimulatedSocket } from '../world/socket.ts'
import { refusedModule } from './refused.ts'

const ENCRYPTED = 'is encrypted inside Node'
const USE_HTTP = 'Use http: between nodes if CHAOS_SIMULATED is set.'

const refusedEncryption = (what: string): NotSimulated => new NotSimulated(what, ENCRYPTED, USE_HTTP)

/** Returns a module that encrypts, such as `tls`. It can be loaded, but every call is refused. */
const encryptedModule = (name: string, real: object): { [member: string]: unknown } =>
  refusedModule(name, { ...real }, ENCRYPTED, USE_HTTP)

/** Replaces `TLSSocket`. Packages create one only to obtain an internal class of Node; any other use is refused. */
class TLSSocket {
  constructor(over?: unknown) {
    if (new.target !== TLSSocket || !(over instanceof Stream) || over instanceof SimulatedSocket)
      throw refusedEncryption('tls.TLSSocket')
    // biome-ignore lint/correctness/noConstructorReturn: it stands for a socket that cannot be.
    return new Proxy(this, {
      get(_, name) {
        if (name === '_handle') return { _parentWrap: Object.create(InnerSocket.prototype) }
        throw refusedEncryption(`tls.TLSSocket.${String(name)}`)
      },
    })
  }
}

class InnerSocket {
  constructor() {
    throw refusedEncryption('tls.TLSSocket')
  }
}

/** `node:tls` without connections. */
export const tlsModule = (): object => ({
  ...encryptedModule('tls', tls),
  TLSSocket,
  getCiphers: tls.getCiphers,
  checkServerIdentity: tls.checkServerIdentity,
  createSecureContext: tls.createSecureContext,
})

/** Packages create an agent at import, which is harmless until it connects. */
class Agent extends https.Agent {
  override createConnection(): never {
    throw refusedEncryption('https.Agent')
  }
}

/** `node:https` without connections. */
export const httpsModule = (): object => ({ ...encryptedModule('https', https), Agent, globalAgent: new Agent() })
