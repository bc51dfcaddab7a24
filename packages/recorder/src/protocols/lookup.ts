import { framingNames } from '@chaosproxy/wire'
import type { RecordedProtocol } from '../spoken/protocol.ts'
import { recordedProtocols } from './registry.ts'

/** Returns the command-line examples of all protocols, for use in error messages. */
export const recordedExamples = (): string => recordedProtocols.map(({ example }) => example).join(', or ')

export const findRecordedProtocol = (name: unknown): RecordedProtocol | undefined =>
  recordedProtocols.find(({ kind }) => kind === name)

/** The names that user-defined protocols cannot have. */
export const takenProtocolNames = (): readonly string[] => [
  ...['http', 'http2', 'https', 'tcp', 'tls', 'unix'],
  ...framingNames(),
]
