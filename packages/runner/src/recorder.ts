import type { Event, Json, Nanos } from '@chaos/history'
import type { StoreCommand } from '@chaos/protocols'
import type { Completion, HistorySink } from './ports.ts'

/** How many operations ended how, so far. */
export interface LiveCounts {
  readonly ok: number
  readonly fail: number
  readonly info: number
}

export interface Invocation {
  readonly process: number
  readonly node: string
  readonly command: StoreCommand
  readonly final: boolean
}

/** Turns what happens into events of the history, numbered and timed as they happen. */
export interface Recorder {
  /** Process numbers are never used twice. */
  newProcess(): number
  invoked(invocation: Invocation): void
  completed(invocation: Invocation, completion: Completion): void
  nemesis(f: string, value: Json): void
  counts(): LiveCounts
}

export function createRecorder(sink: HistorySink, now: () => Nanos): Recorder {
  let index = 0
  let processes = 0
  const counts = { ok: 0, fail: 0, info: 0 }
  const append = (partial: Omit<Event, 'index' | 'time'>) => {
    sink.append({ index: index++, time: now(), ...partial })
  }

  return {
    newProcess: () => processes++,
    invoked({ process, node, command, final }) {
      append({
        process,
        type: 'invoke',
        f: command.f,
        key: command.key,
        value: inputValue(command),
        node,
        ...(final ? { final } : {}),
      })
    },
    completed({ process, node, command }, completion) {
      counts[completion.type]++
      const value = completion.type === 'ok' && command.f === 'read' ? completion.value : inputValue(command)
      append({
        process,
        type: completion.type,
        f: command.f,
        key: command.key,
        value,
        node,
        ...(completion.type === 'ok' ? {} : { error: completion.error }),
      })
    },
    nemesis: (f, value) => append({ process: 'nemesis', type: 'info', f, value }),
    counts: () => ({ ...counts }),
  }
}

function inputValue(command: StoreCommand): Json {
  switch (command.f) {
    case 'read':
      return null
    case 'write':
      return command.value
    case 'cas':
      return [command.old, command.new]
  }
}
