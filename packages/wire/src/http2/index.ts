export {
  dataFrame,
  dataOf,
  endsStream,
  FLAG,
  FRAME,
  firstWord,
  framesOf,
  goaway,
  HEADER_BYTES,
  hasFlag,
  isHeaderPart,
  PREFACE,
  resetStream,
  streamOf,
  typeOf,
  windowUpdate,
} from './frames.ts'
export type { PlainBlock } from './header-reader.ts'
export { HeaderBlockJoiner, HeaderReader } from './header-reader.ts'
export type { HpackFields } from './hpack/hpack-decoder.ts'
export { createHttp2Scanner } from './http2-scanner.ts'
export { lastHeaders, withTableSizes } from './plain-block.ts'
