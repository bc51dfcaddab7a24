import https from 'node:https'
import { encryptedModule, refusedEncryption } from './tls.ts'

/** Packages make one at import, which harms nothing until it is to connect. */
class Agent extends https.Agent {
  override createConnection(): never {
    throw refusedEncryption('https.Agent')
  }
}

/** `node:https` without connections. */
export const httpsModule = (): object => ({ ...encryptedModule('https', https), Agent, globalAgent: new Agent() })
