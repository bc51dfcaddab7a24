import type { Encryption } from '../framing/encryption.ts'
import { writeFrontend } from './frontend.ts'
import { GSSENC_REQUEST, SSL_REQUEST } from './layout.ts'
import { createUnbinding } from './unbinding.ts'

const REQUEST_BYTES = 8
/** The first byte of TLS; newer clients may begin with it (`sslnegotiation=direct`). */
const HANDSHAKE = 0x16

/** SSLRequest and GSSENCRequest, each with a reply of one byte. */
export const encryption: Encryption = {
  begins(bytes) {
    if (bytes[0] === HANDSHAKE) return { kind: 'hello', sizeBytes: 0 }
    if (bytes.length < REQUEST_BYTES) return bytes.length === 0 || bytes[0] === 0 ? undefined : NOTHING
    if (bytes.readUInt32BE(0) !== REQUEST_BYTES) return NOTHING
    const code = bytes.readUInt32BE(4)
    if (code === SSL_REQUEST) return { kind: 'tls', sizeBytes: REQUEST_BYTES }
    return code === GSSENC_REQUEST ? { kind: 'other', sizeBytes: REQUEST_BYTES } : NOTHING
  },
  request: writeFrontend({ kind: 'ssl-request' }),
  accepted: Buffer.from('S'),
  declined: Buffer.from('N'),
  protocol: 'postgresql',
  unbinding: createUnbinding,
}

const NOTHING = { kind: 'nothing', sizeBytes: 0 } as const
