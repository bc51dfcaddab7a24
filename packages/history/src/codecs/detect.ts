import { inputError } from '../event/error.ts'
import { type Format, formats } from '../event/event.ts'
import { shortened } from '../event/rules.ts'
import { foreignKind } from './foreign.ts'
import { formatTable } from './formats.ts'
import { afterByteOrderMark } from './jsonl-reader.ts'
import type { Mapping } from './roles.ts'

const SAMPLE_BYTES = 64 * 1024
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const knownFormats = (): string =>
  `Formats: ${Object.values(formatTable)
    .map(({ what }) => what)
    .join(', ')}. Force one with --format, or name members with --map.`

/**
 * Returns the format of a file that begins with these bytes. Undefined if they are only white space, so that more bytes
 * are needed. Throws an error that describes any unknown content.
 */
export function detectFormat(source: string, beginning: Uint8Array, mapping?: Mapping): Format | undefined {
  const sample = beginning.subarray(0, SAMPLE_BYTES)
  const zero = sample.indexOf(0)
  const text = decoder.decode(sample.subarray(afterByteOrderMark(sample, 0, sample.length)))
  const content = text.trimStart()
  if (content === '' && sample.length === beginning.length) return undefined
  if (/^\[\s*\{\s*"/.test(content)) {
    throw inputError(
      `${source}: this is one JSON array; a history has one JSON object per line. Convert it: jq -c '.[]' ${source}`,
    )
  }
  const format = zero < 0 || zero > 4096 ? formatOfText(content, mapping) : undefined
  if (format !== undefined && format !== 'jsonl') return format
  const kind = foreignKind(source, sample)
  if (kind !== undefined) throw inputError(`${source}: this is ${kind}.\n${knownFormats()}`)
  if (format !== undefined) return format
  if (zero >= 0) {
    throw inputError(`${source}: this is a binary file (byte ${zero + 1} is 0), not a history.\n${knownFormats()}`)
  }
  if (content === '') {
    throw inputError(
      `${source}: this file begins with ${SAMPLE_BYTES / 1024} KB of nothing but white space.\n${knownFormats()}`,
    )
  }
  const line = text.slice(0, text.length - content.length).split('\n').length
  throw inputError(
    `${source}: line ${line} is of no known format (${JSON.stringify(excerpt(content))}).\n${knownFormats()}`,
  )
}

const formatOfText = (content: string, mapping: Mapping | undefined): Format | undefined =>
  formats.find((name) => formatTable[name].recognises(content, mapping))

const excerpt = (content: string): string => shortened((content.split(/[\r\n]/, 1)[0] ?? '').trimEnd())
