import type { HistoryBuilder } from '../builder/builder.ts'
import type { Json } from '../event/event.ts'
import { brokenRule, EventError, located, rules } from '../event/rules.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { isTransaction } from '../tables/transactions.ts'
import { canonical } from '../tables/value.ts'
import { EdnError, EdnParser, Incomplete } from './edn-parser.ts'
import { EdnScanner, UNUSUAL } from './edn-scanner.ts'
import { nameOf } from './edn-values.ts'
import { eventOfMembers } from './event-members.ts'
import { isArray, isObject } from './json-text.ts'
import { KeyedValues } from './keyed-values.ts'

const NEWLINE = 0x0a
const LONGEST_FORM_CHARACTERS = 16 << 20

export interface EdnReaderOptions {
  readonly source: string
  readonly sink: EventSink
  /** The sink, if it is a builder. Usual transactions are written directly into it. */
  readonly builder?: HistoryBuilder | undefined
  /** Whether a client's value `[a b]` means the key `a` and its value `b`; by default, the events decide. */
  readonly independent?: boolean | undefined
}

/**
 * Reads histories of Jepsen, Knossos and Elle: a map or record per event, one after another or in one list. Also reads
 * Porcupine's key-value logs, which have `:key`.
 */
export class EdnReader implements ChunkReader {
  line = 1
  readonly #options: EdnReaderOptions
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #parser = new EdnParser()
  readonly #anonymous: AnonymousProcesses
  readonly #keys: KeyedValues
  readonly #scanner: EdnScanner | undefined
  /**
   * Whether the last event was a client's transaction. The scanner is tried only then, because the next event probably
   * is a transaction, too.
   */
  #hasTransactions = false
  #rest = ''
  /** The number of characters before `#rest` on the line where `#rest` begins. */
  #indent = 0
  #worthwhile = 0
  #close = ''
  #closed = false
  #used = 0

  constructor(options: EdnReaderOptions) {
    this.#options = options
    this.#anonymous = new AnonymousProcesses(options)
    const { source, sink, independent } = options
    this.#keys = new KeyedValues({
      ...{ source, sink, isKeyed: independent },
      isTuple: (value) => this.#parser.isTuple(value),
    })
    this.#scanner = options.builder === undefined ? undefined : new EdnScanner(options.builder)
  }

  read(bytes: Uint8Array, start: number, filled: number, last: boolean): number {
    // Reads up to the last line end. Most EDN forms end at a line end, and joining an incomplete form to the next text
    // is slow.
    const line = last ? -1 : bytes.lastIndexOf(NEWLINE, filled - 1)
    const end = line < start ? filled : line + 1
    const text = this.#rest + this.#decoded(bytes, start, end, last)
    if (text.length < Math.min(this.#worthwhile, LONGEST_FORM_CHARACTERS) && !last) {
      this.#rest = text
      return end
    }
    const parser = this.#parser
    parser.feed(text, last)
    // The text before `done` was processed. `this.line` is the line at `done`.
    let done = 0
    try {
      for (;;) {
        const next = parser.peek()
        this.line += newlines(text, done, parser.at)
        done = parser.at
        if (next === '') break
        if (this.#bracket(next)) parser.at += 1
        else {
          const end = this.#scanned(text, parser.at)
          if (end === UNUSUAL) this.#take(parser.form())
          else parser.at = end
          this.line += newlines(text, done, parser.at)
        }
        done = parser.at
      }
    } catch (error) {
      if (!(error instanceof Incomplete)) throw this.#located(error, text, done)
      if (last) this.#cutOff()
    }
    if (last && this.#close !== '' && !this.#closed) this.#cutOff()
    if (last) this.#keys.end()
    this.#indent = this.#columnOf(text, done) - 1
    this.#rest = text.slice(done)
    // An incomplete form is parsed again only after its text has doubled.
    this.#worthwhile = this.#rest.length * 2
    if (this.#rest.length > LONGEST_FORM_CHARACTERS) {
      throw brokenRule(
        this.#options.source,
        this.line,
        `the form that begins here is longer than ${LONGEST_FORM_CHARACTERS / 2 ** 20} MB. Is it a history? A history has one map per event.`,
      )
    }
    return end
  }

  #decoded(bytes: Uint8Array, start: number, end: number, last: boolean): string {
    try {
      return this.#decoder.decode(bytes.subarray(start, end), { stream: !last })
    } catch {
      throw brokenRule(
        this.#options.source,
        this.line,
        'this line or one soon after it is not UTF-8 text. Histories are written in UTF-8.',
      )
    }
  }

  #bracket(character: string): boolean {
    if (this.#closed) throw new EventError('something follows the end of the history. A file holds one history.')
    if (this.#close === '' && this.#used === 0 && (character === '[' || character === '(')) {
      this.#close = character === '[' ? ']' : ')'
      return true
    }
    if (character !== this.#close) return false
    this.#closed = true
    return true
  }

  /** The position after the event, if the scanner could read it; otherwise UNUSUAL. */
  #scanned(text: string, at: number): number {
    if (this.#scanner === undefined || !this.#hasTransactions) return UNUSUAL
    if (!this.#keys.areWhole || !this.#anonymous.areNamed) return UNUSUAL
    const end = this.#scanner.scan(text, at, this.line)
    if (end !== UNUSUAL) this.#used += 1
    return end
  }

  #take(value: Json): void {
    if (value === null && this.#close === '' && this.#used === 0) return
    if (!isObject(value)) {
      const found = Array.isArray(value) ? 'a vector' : JSON.stringify(value)
      throw new EventError(`an event must be a map, such as {:process 0, :type :invoke, :f :read}, not ${found}.`)
    }
    const event = eventOfMembers(this.#anonymous.named(ednMembers(value)), this.#options.sink.epoch)
    this.#hasTransactions = isTransaction(event.f)
    this.#keys.take(event, this.line)
    this.#used += 1
  }

  #cutOff(): void {
    const { source, sink } = this.#options
    if (this.#used === 0) throw brokenRule(source, this.line, 'the file ends in the middle of its first event.')
    sink.warn(`${source}:${this.line}: the file is cut off here; the ${this.#used} events before it are used.`)
    this.#closed = true
  }

  /** The 1-based column of `offset` in its line, which may begin before `text`. */
  #columnOf(text: string, offset: number): number {
    const lineEnd = offset === 0 ? -1 : text.lastIndexOf('\n', offset - 1)
    return lineEnd < 0 ? this.#indent + offset + 1 : offset - lineEnd
  }

  #located(error: unknown, text: string, done: number): unknown {
    const { source } = this.#options
    if (error instanceof EdnError) {
      const line = this.line + newlines(text, done, error.offset)
      const column = this.#columnOf(text, error.offset)
      return brokenRule(source, line, `bad EDN at column ${column}: ${error.message}. An event is one map.`)
    }
    return located(error, source, this.line)
  }
}

function newlines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

export const ednMembers = (members: Members): Members => withPlainKinds(transaction(withPlainNames(members)))

/**
 * Sets the `f` of a transaction to `txn`, as in the JSON format. In recordings of Elle's tests, `f` is missing. In
 * Jepsen's long fork test, it is `read` or `write`.
 */
function transaction(members: Members): Members {
  const { f = null, value } = members
  const isTransaction =
    (f === null && Array.isArray(value) && value.every((item) => Array.isArray(item))) ||
    ((f === 'read' || f === 'write' || f === 'append') && isOfKeywords(value))
  return isTransaction ? { ...members, f: 'txn' } : members
}

/** Whether the value is a transaction such as `[[:r 0 nil] [:w 1 1]]`. */
const isOfKeywords = (value: Json | undefined): boolean =>
  isMicroList(value) && value.length > 0 && value.every((item) => item.length === 3 && KINDS.includes(item[0]))

const KINDS = [':r', ':w', ':append']

/** Turns the kinds of micro-operations from keywords (`[:append 5 1]`) into plain names. */
function withPlainKinds(members: Members): Members {
  const { f = null, value } = members
  if (typeof f !== 'string' || !isTransaction(f) || !isMicroList(value)) return members
  return { ...members, value: value.map(([kind, ...rest]) => [nameOf(kind), ...rest]) }
}

const isMicroList = (value: Json | undefined): value is readonly (readonly [string, ...Json[]])[] =>
  Array.isArray(value) && value.every((item: Json) => Array.isArray(item) && typeof item[0] === 'string')

type Members = { readonly [member: string]: Json }

const NAMES = ['type', 'f', 'process', 'node']

function withPlainNames(members: Members): Members {
  const plain: { [member: string]: Json } = { ...members }
  for (const name of NAMES) {
    const value = plain[name]
    if (typeof value === 'string') plain[name] = nameOf(value)
  }
  const { error } = plain
  if (error !== undefined) plain['error'] = inPlainWords(error)
  return plain
}

/** Removes the marks of keywords from the reason in `error`, which is only displayed. */
function inPlainWords(reason: Json): Json {
  if (typeof reason === 'string') return nameOf(reason)
  return isArray(reason) ? reason.map(inPlainWords) : reason
}

/**
 * Assigns processes in tests that Jepsen recorded without processes. Each invocation gets its own process. A completion
 * belongs to the oldest open invocation of the same `f`, preferably with the same value.
 */
class AnonymousProcesses {
  readonly #options: EdnReaderOptions
  #any = false
  #next = 0
  #named = false
  readonly #open: { readonly process: number; readonly f: string; readonly value: string }[] = []

  constructor(options: EdnReaderOptions) {
    this.#options = options
  }

  get areNamed(): boolean {
    return this.#named
  }

  named(members: Members): Members {
    const process = members['process'] ?? null
    if (process !== null) {
      if (typeof process === 'number') this.#named = true
      if (this.#named && this.#any)
        throw new EventError(
          'this event names its process, but the events before it do not. Name the process in every event, or in none.',
        )
      return members
    }
    if (this.#named) throw new EventError(rules.missing('process'))
    if (!this.#any) {
      this.#any = true
      const { source, sink } = this.#options
      sink.warn(
        `${source}: events name no process, so each completion belongs to the oldest open invocation with the same f, and with the same value if there is one.`,
      )
    }
    const f = canonical(members['f'] ?? null)
    const value = canonical(members['value'] ?? null)
    if (members['type'] === 'invoke') {
      this.#open.push({ process: this.#next, f, value })
      this.#next += 1
      return { ...members, process: this.#next - 1 }
    }
    return { ...members, process: this.#close(f, value) }
  }

  #close(f: string, value: string): number {
    const same = this.#open.findIndex((open) => open.f === f && open.value === value)
    const index = same >= 0 ? same : this.#open.findIndex((open) => open.f === f)
    const [found] = index < 0 ? [] : this.#open.splice(index, 1)
    if (found !== undefined) return found.process
    this.#next += 1
    return this.#next - 1
  }
}
