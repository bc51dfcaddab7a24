import { inputError } from '../event/error.ts'
import type { EventInput, Json } from '../event/event.ts'
import { brokenRule, EventError } from '../event/rules.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { EdnError, EdnParser, Incomplete } from './edn-parser.ts'
import { ednMembers } from './edn-reader.ts'
import { nameOf } from './edn-values.ts'
import { eventOfMembers } from './event-members.ts'
import { perhapsCutOff, readLines } from './lines-reader.ts'

/**
 * An operation in a Jepsen log or history.txt: perhaps a time or line numbers, then process, type, function and value.
 */
const JEPSEN_LOG_LINE =
  /(?:^|\bjepsen\.util:?\s+(?:- )?)\s*(?:\[\s*(\d+)\s*\]\s+|(?:\d+\s+){1,2}(?=-?\d+\s|:nemesis\b))?(-?\d+|:[a-z][\w.-]*)\s+:([A-Za-z-]+)\s+:(\S+)(?:\s+(.*\S))?\s*$/

/** Matches a line of Jepsen's set-up. A log may begin with many such lines. */
const JEPSEN_SETUP = /^(?:\d{4}-\d\d-\d\d[ T][\d:.,]+\S*\s+)?(?:INFO|WARN|DEBUG|ERROR)\b.*\bjepsen\b/m

const OLD_LOG_LINE = /\bjepsen\.[\w.]+\s+- /

export const isOldJepsenLog = (content: string): boolean => {
  const line = firstOperation(content)
  return OLD_LOG_LINE.test(line ?? (JEPSEN_SETUP.test(content) ? content : ''))
}

export const isJepsenLog = (content: string): boolean =>
  firstOperation(content) !== undefined || JEPSEN_SETUP.test(content)

const firstOperation = (content: string): string | undefined =>
  content.split('\n').find((each) => JEPSEN_LOG_LINE.test(each))

export interface JepsenLogReaderOptions {
  readonly source: string
  readonly sink: EventSink
}

/**
 * Reads Jepsen's logs, such as `INFO jepsen.util - 3 :invoke :cas [0 2]`, and its history.txt. An error in place of the
 * value (`:info :read :timed-out`) becomes the event's error. Other lines are skipped.
 */
export class JepsenLogReader implements ChunkReader {
  line = 1
  #any = false
  readonly #options: JepsenLogReaderOptions
  readonly #decoder = new TextDecoder('utf-8')
  readonly #parser = new EdnParser()

  readonly #ended: () => void

  /** `ended` is called after the last line. */
  constructor(options: JepsenLogReaderOptions, ended: () => void = () => {}) {
    this.#options = options
    this.#ended = ended
  }

  read(bytes: Uint8Array, start: number, end: number, last: boolean): number {
    const at = readLines(bytes.subarray(0, end), start, last, (line, isWhole) => {
      this.#take(this.#decoder.decode(line), isWhole)
      this.line += 1
    })
    if (last && !this.#any && this.line > 1) {
      throw inputError(
        `${this.#options.source}: this log has no line with an operation, such as "INFO  jepsen.util - 0 :invoke :read nil".`,
      )
    }
    if (last) this.#ended()
    return at
  }

  #take(text: string, isWhole: boolean): void {
    const { source, sink } = this.#options
    try {
      const event = this.#event(text)
      if (event === undefined) return
      this.#any = true
      sink.event(event, this.line)
      if (!isWhole && this.line > 1) sink.warn(perhapsCutOff(source, this.line))
    } catch (error) {
      if (!(error instanceof EventError || error instanceof Incomplete)) throw error
      if (!isWhole && this.line > 1) {
        sink.warn(`${source}:${this.line}: the last line is cut off and is left out.`)
        return
      }
      const reason =
        error instanceof EdnError || error instanceof Incomplete
          ? `bad value in ${JSON.stringify(text)}`
          : error.message
      throw brokenRule(source, this.line, reason)
    }
  }

  #event(text: string): EventInput | undefined {
    const parts = JEPSEN_LOG_LINE.exec(text)
    if (parts === null) return undefined
    const [, time, process = '', type = '', f = '', rest = ''] = parts
    const [value, error] = rest === '' ? [null] : this.#values(rest)
    const problem = value instanceof Problem ? value.name : error instanceof Problem ? error.name : error
    return eventOfMembers(
      ednMembers({
        ...(time === undefined ? {} : { time: Number(time) }),
        process: /^-?\d+$/.test(process) ? Number(process) : process.replace(/^:/, ''),
        type,
        f,
        ...(value instanceof Problem ? {} : { value: value ?? null }),
        ...(problem === undefined ? {} : { error: problem }),
      }),
    )
  }

  #values(text: string): (Json | Problem)[] {
    const parser = this.#parser
    parser.feed(text, true)
    const values: (Json | Problem)[] = []
    while (values.length < 2) {
      const next = parser.peek()
      if (next === '') break
      const value = parser.form()
      values.push(next === ':' && typeof value === 'string' ? new Problem(nameOf(value)) : value)
    }
    return values
  }
}

class Problem {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}
