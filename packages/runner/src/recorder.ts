import type { Json, Nanos } from '@chaos/history'
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

  // Whole literals, none of them pieced together: a simulated run records thousands of events a second.
  return {
    newProcess: () => processes++,
    invoked({ process, node, command, final }) {
      const { f, key } = command
      const value = inputValue(command)
      const time = now()
      sink.append(
        final
          ? { index: index++, time, process, type: 'invoke', f, key, value, node, final }
          : { index: index++, time, process, type: 'invoke', f, key, value, node },
      )
    },
    completed({ process, node, command }, completion) {
      const { type } = completion
      if (type === 'ok') counts.ok++
      else if (type === 'fail') counts.fail++
      else counts.info++
      const { f, key } = command
      const value = completion.type === 'ok' && f === 'read' ? completion.value : inputValue(command)
      const time = now()
      sink.append(
        completion.type === 'ok'
          ? { index: index++, time, process, type, f, key, value, node }
          : { index: index++, time, process, type, f, key, value, node, error: completion.error },
      )
    },
    nemesis: (f, value) => sink.append({ index: index++, time: now(), process: 'nemesis', type: 'info', f, value }),
    counts: () => ({ ...counts }),
  }
}

export function inputValue(command: StoreCommand): Json {
  switch (command.f) {
    case 'read':
      return null
    case 'write':
      return command.value
    case 'cas':
      return [command.old, command.new]
  }
}
