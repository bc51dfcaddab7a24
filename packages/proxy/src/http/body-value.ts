import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Json } from '@chaos/history'
import { parseJson } from '@chaos/history'
import type { Captured } from './body-capture.ts'

/** Compressed bodies are looked into up to this size. */
const MAXIMUM_UNPACKED_BYTES = 16 * 1024 * 1024

/**
 * A body as a text: of bytes that are no UTF-8 their base64, of too many of them their hash, each so marked, since two
 * values that differ must not become one. Undefined where it is compressed in a way that cannot be undone.
 */
export function textOf(captured: Captured, contentEncoding: string | undefined): Json | undefined {
  if ('json' in captured) return captured.json
  if ('sha256' in captured) {
    return isPlain(contentEncoding) ? { sha256: captured.sha256, bytes: captured.length } : undefined
  }
  const bytes = unpacked(captured.bytes, contentEncoding)
  if (bytes === undefined) return undefined
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text
  return { base64: bytes.toString('base64') }
}

/** A body as JSON; undefined where it is none. */
export function jsonOf(captured: Captured, contentEncoding: string | undefined): Json | undefined {
  if ('json' in captured) return captured.json
  const text = textOf(captured, contentEncoding)
  if (typeof text !== 'string') return undefined
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Why a body cannot be read as what its bytes stand for, in words that follow "its body"; undefined where it can. */
export function bodyTrouble(captured: Captured, contentEncoding: string | undefined): string | undefined {
  if ('json' in captured) return undefined
  if ('sha256' in captured) return `is ${captured.length} bytes long, which is more than is kept of it`
  if (unpacked(captured.bytes, contentEncoding) !== undefined) return undefined
  return `is compressed as ${JSON.stringify(contentEncoding)}, and cannot be unpacked`
}

const isPlain = (contentEncoding: string | undefined): boolean =>
  contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity'

function unpacked(bytes: Buffer, contentEncoding: string | undefined): Buffer | undefined {
  if (isPlain(contentEncoding)) return bytes
  const options = { maxOutputLength: MAXIMUM_UNPACKED_BYTES }
  try {
    switch (contentEncoding?.toLowerCase()) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, options)
      case 'deflate':
        return inflateSync(bytes, options)
      case 'br':
        return brotliDecompressSync(bytes, options)
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
