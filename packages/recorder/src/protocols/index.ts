export type { AskedServer, ServerRecording } from '../spoken/conversation.ts'
export type { RecordedProtocol, Remedies, SpokenProtocol } from '../spoken/protocol.ts'
export { findRecordedProtocol, recordedExamples } from './lookup.ts'
export { recordedProtocols } from './registry.ts'
