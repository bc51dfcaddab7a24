export type { Remedies, SpokenProtocol } from './registry.ts'
export { isSpoken, recordedProtocols } from './registry.ts'
