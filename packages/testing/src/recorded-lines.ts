import { isDeepStrictEqual } from 'node:util'
import { type EventInput, historyFromEvents } from '@chaosproxy/history'
import { expect } from 'vitest'
import { parseJsonLine } from '../../history/src/codecs/jsonl.ts'
import type { RecordedEvent } from '../../recorder/src/record/event-line.ts'

/** A view's lines, and what they say. */
export class RecordedLines {
  readonly lines: string[] = []

  write(line: string, event: RecordedEvent): void {
    // Readers in this process are given what readers of the file will find.
    const [given, written] = [JSON.parse(JSON.stringify(event)), JSON.parse(line)]
    // For each of thousands of lines `expect` would take longer than all else.
    if (!isDeepStrictEqual(given, written)) expect(given).toEqual(written)
    this.lines.push(line)
  }

  /** Those of clients and of the nemesis. */
  get events(): readonly EventInput[] {
    return this.eventsFrom(0)
  }

  /** Those after so many lines. */
  eventsFrom(first: number): readonly EventInput[] {
    return this.#parsed(first).filter(({ process }) => process !== 'recorder')
  }

  /** What the recorder says of its own record. */
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
