import { isUtf8 } from 'node:buffer'
import { MalformedMessage } from '../framing/malformed-message.ts'
import type { FieldValue, Format } from './message.ts'

export class MessageCursor {
  readonly #what: string
  readonly #bytes: Buffer
  #at: number

  /** @param what The message's name, for errors. */
  constructor(what: string, bytes: Buffer, at: number) {
    this.#what = what
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(field: string): number {
    return this.#bytes[this.#past(1, field)] ?? 0
  }

  int16(field: string): number {
    return this.#bytes.readUInt16BE(this.#past(2, field))
  }

  /** Signed. */
  int32(field: string): number {
    return this.#bytes.readUInt32BE(this.#past(4, field)) | 0
  }

  /** Reads an unsigned integer: the id of a type, a table or a process. */
  oid(field: string): number {
    return this.#bytes.readUInt32BE(this.#past(4, field))
  }

  bytes(count: number, field: string): Buffer {
    const start = this.#past(count, field)
    return this.#bytes.subarray(start, start + count)
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at, 'the rest')
  }

  text(field: string): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) throw this.error(`${field} has no end`)
    const bytes = this.#bytes.subarray(this.#at, end)
    if (!isUtf8(bytes)) throw this.error(`${field} is not UTF-8`)
    this.#at = end + 1
    return bytes.toString('utf8')
  }

  format(field: string): Format {
    const format = this.int16(field)
    if (format === 0 || format === 1) return format
    throw this.error(`${field} is format ${format}, where 0 is text and 1 is binary`)
  }

  /** Reads a count of 16 bits, then that many items. */
  list<Item>(field: string, item: (field: string) => Item): readonly Item[] {
    const count = this.int16(`the number of ${field}s`)
    const items: Item[] = []
    for (let i = 0; i < count; i++) items.push(item(`${field} ${i + 1}`))
    return items
  }

  /** Reads a length and that many bytes; null for NULL, whose length is -1. */
  value(field: string): FieldValue {
    const length = this.int32(`the length of ${field}`)
    if (length === -1) return null
    if (length < 0) throw this.error(`${field} has the invalid length ${length}`)
    return this.bytes(length, field)
  }

  /** @throws MalformedMessage if bytes are left over. */
  ended<Message>(message: Message): Message {
    if (this.isAtEnd) return message
    throw this.error(`${this.#bytes.length - this.#at} bytes are left over`)
  }

  error(why: string): MalformedMessage {
    return new MalformedMessage(`${this.#what}: ${why} (at byte ${this.#at} of ${this.#bytes.length})`)
  }

  #past(count: number, field: string): number {
    const start = this.#at
    if (start + count > this.#bytes.length) throw this.error(`${field} breaks off`)
    this.#at = start + count
    return start
  }
}
