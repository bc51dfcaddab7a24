import { type Json, usageError } from '@chaosproxy/history'
import type { Framing } from '../framing/framing.ts'
import { createRespScanner } from './resp-scanner.ts'
import { type RespValue, readResp, readRespCommand } from './resp-value.ts'

/** RESP2 and RESP3, the protocols of Redis and compatible systems. */
export const resp: Framing = {
  name: 'resp',
  scanner: (direction) => createRespScanner({ inline: direction === 'requests' }),
  read(message) {
    const value = readResp(message)
    return value === undefined ? undefined : respToJson(value)
  },
  command(message) {
    const [name, key] = readRespCommand(message) ?? []
    return name === undefined ? undefined : { name: String(name).toUpperCase(), key: key?.toString() }
  },
  write(value) {
    if (typeof value === 'string') return wholeResp(value)
    if (!Array.isArray(value) || value.length === 0 || !value.every(isWord))
      throw usageError(
        'a RESP message must be a command, such as ["SET","x","1"], or text as sent, such as "+OK\\r\\n"',
      )
    const words = value.map((word: string | number) => Buffer.from(String(word)))
    const parts = words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')])
    return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts])
  },
}

const isWord = (value: Json): value is string | number => typeof value === 'string' || typeof value === 'number'

function wholeResp(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (createRespScanner({ inline: false }).scan(bytes, 0) === bytes.length) return bytes
  throw usageError(`${JSON.stringify(text)} is not one whole RESP message; "+OK\\r\\n" would be one`)
}

/**
 * Converts a value to JSON. Strings that are not UTF-8 become `{"base64":…}`, errors become `{"error":…}`, and a map
 * becomes an array of its keys and values.
 */
export function respToJson(value: RespValue): Json {
  switch (value.kind) {
    case 'string':
      return typeof value.value === 'string' ? value.value : { base64: value.value.toString('base64') }
    case 'error':
      return { error: value.message }
    case 'number':
    case 'boolean':
      return value.value
    case 'null':
      return null
    case 'array':
    case 'map':
    case 'push':
      return value.items.map(respToJson)
  }
}

/** Returns the words of a request; undefined if the request cannot be read. */
export const requestWords = (request: Buffer): readonly Json[] | undefined => readRespCommand(request)?.map(wordToJson)

const wordToJson = (word: string | Buffer): Json =>
  typeof word === 'string' ? word : respToJson({ kind: 'string', value: word })
