import { isDeepStrictEqual } from 'node:util'
import { type EventInput, historyFromEvents } from '@chaosproxy/history'
import { expect } from 'vitest'
import { parseJsonLine } from '../../history/src/codecs/jsonl.ts'
import type { RecordedEvent } from '../../recorder/src/record/event-line.ts'

export class RecordedLines {
  readonly lines: string[] = []

  write(line: string, event: RecordedEvent): void {
    // Readers in this process must get the same event as readers of the file.
    const [given, written] = [JSON.parse(JSON.stringify(event)), JSON.parse(line)]
    // `expect` is too slow for thousands of lines.
    if (!isDeepStrictEqual(given, written)) expect(given).toEqual(written)
    this.lines.push(line)
  }

  get events(): readonly EventInput[] {
    return this.eventsFrom(0)
  }

  /** Returns the events of clients and of the nemesis after the first `first` lines. */
  eventsFrom(first: number): readonly EventInput[] {
    return this.#parsed(first).filter(({ process }) => process !== 'recorder')
  }

  /** What the recorder wrote about the record itself. */
  get remarks(): readonly unknown[] {
    return this.#parsed(0)
      .filter(({ process }) => process === 'recorder')
      .map(({ f, key, value }) => (key === undefined ? [f, value] : [f, key, value]))
  }

  #parsed(first: number): readonly EventInput[] {
    return this.lines.slice(first).map((line) => {
      const parsed = parseJsonLine(line.trimEnd())
      if (parsed.kind !== 'event') throw new Error('no event')
      return parsed.event
    })
  }

  get history() {
    return historyFromEvents(this.#parsed(0))
  }
}
