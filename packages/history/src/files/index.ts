export type { ReadEventsOptions, ReadOptions } from './read.ts'
export { readEvents, readHistory } from './read.ts'
export type { HistoryWriter, WriterOptions } from './write.ts'
export { openHistoryWriter } from './write.ts'
