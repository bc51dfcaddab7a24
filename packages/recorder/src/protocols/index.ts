export type { QueriedServer, ServerRecording } from '../spoken/conversation.ts'
export type { RecordedProtocol, Remedies, SpokenProtocol } from '../spoken/protocol.ts'
export { findRecordedProtocol, recordedExamples, takenProtocolNames } from './lookup.ts'
export { addRecordedProtocol, recordedProtocols } from './registry.ts'
