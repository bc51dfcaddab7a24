import type { RecordedProtocol } from '../spoken/protocol.ts'
import { recordedProtocols } from './registry.ts'

/** An example of each, for messages. */
export const recordedExamples: string = recordedProtocols.map(({ example }) => example).join(', or ')

export const findRecordedProtocol = (name: unknown): RecordedProtocol | undefined =>
  recordedProtocols.find(({ kind }) => kind === name)
