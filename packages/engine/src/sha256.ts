import { createHash } from 'node:crypto'

/** Returns the SHA-256 in hexadecimal. */
export const sha256Of = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
