import { UserError } from '../event/error.ts'
import type { Format } from '../event/event.ts'
import { shortened } from '../event/rules.ts'
import { afterByteOrderMark } from './jsonl-reader.ts'
import { hasOperationLines } from './operation-members.ts'

const SAMPLE_BYTES = 64 * 1024
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const KNOWN_FORMATS =
  'Formats: chaos JSONL, Jepsen EDN, history.txt and jepsen.log, JSON with one operation per line, Porcupine etcd and key-value logs. Force one with --format.'

/** A line of a Jepsen log, or of its history.txt, that describes an operation. */
export const JEPSEN_LOG_LINE: RegExp =
  /(?:^|\bjepsen\.util:?\s+(?:- )?)\s*(\d+|:[a-z][\w.-]*)\s+:([A-Za-z-]+)\s+:(\S+)(?:\s+(.*\S))?\s*$/

/** As the Jepsen of Porcupine's etcd tests wrote them. */
const OLD_LOG_LINE = /\bjepsen\.util\s+- /

/**
 * The format of a file that begins with these bytes; undefined if they are only white space. Throws if it is no known
 * format, naming what was found.
 */
export function detectFormat(source: string, beginning: Uint8Array): Format | undefined {
  const sample = beginning.subarray(0, SAMPLE_BYTES)
  const zero = sample.indexOf(0)
  const text = decoder.decode(sample.subarray(afterByteOrderMark(sample, 0, sample.length)))
  const content = text.trimStart()
  if (content === '' && sample.length === beginning.length) return undefined
  if (/^\[\s*\{\s*"/.test(content)) {
    throw new UserError(
      'input',
      `${source}: this is one JSON array; a history has one JSON object per line. Convert it: jq -c '.[]' ${source}`,
    )
  }
  const format = zero < 0 || zero > 4096 ? formatOfText(content) : undefined
  if (format !== undefined) return format
  if (zero >= 0) {
    throw new UserError(
      'input',
      `${source}: this is a binary file (byte ${zero + 1} is 0), not a history.\n${KNOWN_FORMATS}`,
    )
  }
  if (content === '') {
    throw new UserError(
      'input',
      `${source}: this file begins with ${SAMPLE_BYTES / 1024} KB of nothing but white space.\n${KNOWN_FORMATS}`,
    )
  }
  const line = text.slice(0, text.length - content.length).split('\n').length
  throw new UserError(
    'input',
    `${source}: line ${line} is neither JSON nor EDN nor a Porcupine log (${JSON.stringify(excerpt(content))}).\n${KNOWN_FORMATS}`,
  )
}

function formatOfText(content: string): Format | undefined {
  if (/^\{\s*["}]/.test(content)) return hasOperationLines(content) ? 'operations' : 'jsonl'
  if (/^\{\s*:/.test(content)) return isKeyValueLog(content) ? 'porcupine-kv' : 'edn'
  if (/^(;|#_|#[a-zA-Z][\w.$-]*[/.][\w.$-]+\s*\{|\{\s*[;#]|[[(][\s,]*([[({;:#\])]|$))/.test(content)) return 'edn'
  const line = content.split('\n').find((each) => JEPSEN_LOG_LINE.test(each))
  if (line === undefined) return undefined
  return OLD_LOG_LINE.test(line) ? 'porcupine-etcd' : 'jepsen-log'
}

/** Porcupine's key-value log is EDN too; its operations have a key member and are get, put or append. */
function isKeyValueLog(content: string): boolean {
  const line = content.split('\n', 1)[0] ?? ''
  return /:f\s+:(get|put|append)\b/.test(line) && /:key\s+"/.test(line)
}

const excerpt = (content: string): string => shortened((content.split(/[\r\n]/, 1)[0] ?? '').trimEnd())
