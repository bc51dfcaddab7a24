import { type Completion, type Input, type Json, meaningOf, type Nanos } from '@chaosproxy/history'
import type { HistorySink, Request } from '../ports/cluster.ts'
import type { OperationCounts } from '../result/run-summary.ts'

export type LiveCounts = Pick<OperationCounts, 'ok' | 'fail' | 'info'>

export interface Invocation extends Request {
  readonly process: number
  readonly node: string
  readonly final: boolean
}

/** Converts what happens in a run into numbered and timed events of the history. */
export interface RunRecorder {
  /** Returns a new process number. Numbers are never reused. */
  newProcess(): number
  invoked(invocation: Invocation): void
  completed(invocation: Invocation, completion: Completion): void
  nemesis(f: string, value: Json): void
  counts(): LiveCounts
}

export function createRunRecorder(sink: HistorySink, now: () => Nanos): RunRecorder {
  let index = 0
  let processes = 0
  const counts = { ok: 0, fail: 0, info: 0 }

  // Each event is one object literal, because a simulated run records thousands of events per second.
  return {
    newProcess: () => processes++,
    invoked({ process, node, input, final }) {
      const { f, key, value } = input
      const time = now()
      sink.append(
        final
          ? { index: index++, time, process, type: 'invoke', f, key, value, node, final }
          : { index: index++, time, process, type: 'invoke', f, key, value, node },
      )
    },
    completed({ process, node: home, input }, completion) {
      const { type, node = home } = completion
      if (type === 'ok') counts.ok++
      else if (type === 'fail') counts.fail++
      else counts.info++
      const { f, key } = input
      const time = now()
      sink.append(
        completion.type === 'ok'
          ? { index: index++, time, process, type, f, key, value: recordedValue(input, completion.value), node }
          : completion.type === 'fail' && completion.answered === true
            ? {
                index: index++,
                time,
                process,
                type,
                f,
                key,
                value: input.value,
                node,
                error: completion.error,
                answered: true,
              }
            : { index: index++, time, process, type, f, key, value: input.value, node, error: completion.error },
      )
    },
    nemesis: (f, value) => sink.append({ index: index++, time: now(), process: 'nemesis', type: 'info', f, value }),
    counts: () => ({ ...counts }),
  }
}

/** Returns the value to record: the answer, or the input if the function answers nothing. */
function recordedValue({ f, value }: Input, answer: Json): Json {
  return answer === null || meaningOf(f)?.answers === 'nothing' ? value : answer
}
