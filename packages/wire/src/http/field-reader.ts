import { type Framing, HeaderBlock } from './header-block.ts'
import type { HeaderMemo } from './header-memo.ts'
import { COLON, CR, isDigit, isName, LF, SPACE, TAB, TEXT, TOKEN } from './syntax.ts'

/**
 * Reads field lines strictly. Refuses everything that RFC 9112 allows a recipient to repair, such as obs-fold, a bare
 * LF, or repeated lengths. Recipients repair it in different ways, which request smuggling exploits.
 */
export class FieldReader {
  readonly #framing: Framing = { contentLength: -1, transferCoding: 'none', upgrade: false }
  reason = ''
  #connectionUpgrade = false
  #upgradeField = false

  /**
   * Reads the header block at `start`, and adds it to the memo. Returns undefined if the block is malformed or
   * incomplete.
   */
  block(memo: HeaderMemo, bytes: Buffer, start: number): HeaderBlock | undefined {
    const end = this.#read(bytes, start)
    if (end < 0) return undefined
    const block = new HeaderBlock(Buffer.from(bytes.subarray(start, end)), this.#framing)
    memo.add(block)
    return block
  }

  /** Returns the offset after the empty line; -1 if the fields are malformed or incomplete. */
  #read(bytes: Buffer, start: number): number {
    const framing = this.#framing
    framing.contentLength = -1
    framing.transferCoding = 'none'
    this.#connectionUpgrade = false
    this.#upgradeField = false
    let i = start
    for (;;) {
      if (bytes[i] === CR) {
        if (bytes[i + 1] !== LF) return this.#fail('a CR without its LF')
        if (framing.contentLength >= 0 && framing.transferCoding !== 'none')
          return this.#fail('both Content-Length and Transfer-Encoding')
        framing.upgrade = this.#connectionUpgrade && this.#upgradeField
        return i + 2
      }
      const nameAt = i
      while (TOKEN[bytes[i] ?? 0] === 1) i++
      const nameEnd = i
      if (nameEnd === nameAt || bytes[i] !== COLON) return this.#fail('a field line that is not `name: value`')
      i++
      while (bytes[i] === SPACE || bytes[i] === TAB) i++
      const valueAt = i
      while (TEXT[bytes[i] ?? 0] === 1) i++
      if (bytes[i] !== CR || bytes[i + 1] !== LF) return this.#fail('a control character or a bare LF in a field')
      let valueEnd = i
      // Only spaces are trimmed. A trailing tab is refused later, in the fields where it matters.
      while (valueEnd > valueAt && bytes[valueEnd - 1] === SPACE) valueEnd--
      const trouble = this.#note(bytes, nameAt, nameEnd, valueAt, valueEnd)
      if (trouble !== undefined) return this.#fail(trouble)
      i += 2
    }
  }

  /** Notes a field that affects the framing. Returns its problem, if any. */
  #note(bytes: Buffer, nameAt: number, nameEnd: number, valueAt: number, valueEnd: number): string | undefined {
    const framing = this.#framing
    switch (nameEnd - nameAt) {
      case 7:
        if (isName(bytes, nameAt, nameEnd, 'upgrade')) this.#upgradeField = true
        return undefined
      case 10:
        if (isName(bytes, nameAt, nameEnd, 'connection') && tokensOf(bytes, valueAt, valueEnd).includes('upgrade'))
          this.#connectionUpgrade = true
        return undefined
      case 14:
        if (!isName(bytes, nameAt, nameEnd, 'content-length')) return undefined
        if (framing.contentLength >= 0) return 'more than one Content-Length'
        if (hasTab(bytes, nameEnd)) return 'a tab beside a Content-Length'
        framing.contentLength = decimal(bytes, valueAt, valueEnd)
        return framing.contentLength < 0 ? 'a Content-Length that is not a number of bytes' : undefined
      case 17:
        if (!isName(bytes, nameAt, nameEnd, 'transfer-encoding')) return undefined
        if (framing.transferCoding !== 'none') return 'more than one Transfer-Encoding'
        if (hasTab(bytes, nameEnd)) return 'a tab beside a Transfer-Encoding'
        framing.transferCoding = codingOf(bytes, valueAt, valueEnd)
        return undefined
      default:
        return undefined
    }
  }

  #fail(reason: string): -1 {
    this.reason = reason
    return -1
  }
}

/** The part of reading a head that requests and responses share: the header fields. */
export abstract class HeadFields<Head> {
  reason = ''
  readonly #memo: HeaderMemo
  readonly #fields: FieldReader = new FieldReader()
  protected lastHead: Head | undefined

  constructor(memo: HeaderMemo) {
    this.#memo = memo
  }

  get head(): Head {
    if (this.lastHead === undefined) throw new Error('no head was read yet')
    return this.lastHead
  }

  /** Reads the fields that begin at `start`. If they are malformed, sets `reason` and returns undefined. */
  protected fieldsAt(bytes: Buffer, start: number): HeaderBlock | undefined {
    const headers = this.#memo.find(bytes, start) ?? this.#fields.block(this.#memo, bytes, start)
    if (headers === undefined) this.reason = this.#fields.reason
    return headers
  }

  protected fail(reason: string): -1 {
    this.reason = reason
    return -1
  }
}

/**
 * A tab is white space (RFC 9110 §5.6.3), but some recipients, for example node:http, do not recognise "chunked" before
 * it.
 */
function hasTab(bytes: Buffer, lineAt: number): boolean {
  for (let i = lineAt; bytes[i] !== CR; i++) if (bytes[i] === TAB) return true
  return false
}

/** The length must be exact as a double. */
const MAXIMUM_LENGTH_DIGITS = 15

function decimal(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > MAXIMUM_LENGTH_DIGITS) return -1
  let value = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (!isDigit(byte)) return -1
    value = value * 10 + (byte - 0x30)
  }
  return value
}

function codingOf(bytes: Buffer, start: number, end: number): Framing['transferCoding'] {
  if (isName(bytes, start, end, 'chunked')) return 'chunked'
  const codings = tokensOf(bytes, start, end)
  // Recipients disagree about a "chunked" that is repeated or not last.
  return codings.indexOf('chunked') === codings.length - 1 ? 'chunked' : 'other'
}

const tokensOf = (bytes: Buffer, start: number, end: number): readonly string[] =>
  bytes
    .toString('latin1', start, end)
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
