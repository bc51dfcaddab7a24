export { boolean, bytes, int, long, recordReader, text } from './records.ts'
