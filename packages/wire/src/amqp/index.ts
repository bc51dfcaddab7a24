export {
  contentFrames,
  type Frame,
  firstFrame,
  long,
  longlong,
  longText,
  methodFrame,
  octet,
  short,
  shortText,
  table,
} from './frames.ts'
