import { canonical, type EventInput, type Json } from '@chaosproxy/history'
import type { RecordFile } from '@chaosproxy/proxy'
import type { createRecorder, Recorder } from '@chaosproxy/recorder'
import { createLiveJudge, type Judged, type LiveJudge, violationText } from '@chaosproxy/runner'
import type { Workload } from '@chaosproxy/workloads'

/** A record that is judged while it is written. */
export interface JudgedRecord {
  /** Records the events that clients saw. */
  readonly sink: Parameters<typeof createRecorder>[0]['client']
  readonly judging: Pick<LiveJudge, 'judged' | 'onViolation'>
  /** Resolves when it is certain that the record is not linearizable. */
  readonly violated: Promise<void>
}

const OTHERWISE =
  'a proxy was added while recording that is recorded in another way, or whose keys hold something else at the start. Start the proxies together, with --config'

/** @param recorder Called once it is known what it records. */
export function judgeRecord(file: RecordFile, model: string | undefined, recorder: () => Recorder): JudgedRecord {
  const listeners: Parameters<LiveJudge['onViolation']>[0][] = []
  let judge: LiveJudge | undefined
  /** Whether the initial values, and their source, are still those that the judge was created for. */
  let isAsBefore = (): boolean => true
  /** Created with the first event, when the initial values are known. */
  function createJudge(): LiveJudge {
    const made = recorder()
    const { initial, mapping } = made
    isAsBefore = () => made.mapping === mapping && isSame(made.initial, initial)
    const history = { model: (model ?? 'register') as Workload['model'], initial, mapping }
    const created = createLiveJudge(history, () => file.place())
    // The part with the violation is evidence, and so are the remaining parts before it.
    created.onViolation(() => file.pin())
    for (const listener of listeners) created.onViolation(listener)
    return created
  }
  const onViolation: LiveJudge['onViolation'] = (listener) => void listeners.push(listener)
  return {
    sink: {
      write(line, event) {
        file.write(line, event)
        judge ??= createJudge()
        if (!isAsBefore()) judge.stop(OTHERWISE)
        judge.push(event as EventInput)
      },
    },
    judging: {
      judged: () => judge?.judged() ?? { soFar: 'not certain', doubt: 'nothing is recorded yet' },
      onViolation,
    },
    violated: new Promise((resolve) => onViolation(() => resolve())),
  }
}

const isSame = (one: Json, other: Json): boolean => one === other || canonical(one) === canonical(other)

/** The verdict of judging while recording, which claims no more than was judged. */
export function judgedLines({ soFar, doubt, violation }: Judged): readonly string[] {
  if (violation !== undefined)
    return [`  NOT ${violationText(violation).slice('not '.length).replace('linearizable', 'LINEARIZABLE')}`]
  return [
    soFar === 'linearizable'
      ? '  linearizable, as judged while it was recorded'
      : `  unknown whether it is linearizable: ${doubt}`,
  ]
}
