import { canonical, type EventInput, millis } from '@chaosproxy/history'
import type { LinePlace, RecordFile } from '@chaosproxy/proxy'
import type { createRecorder, Recorder } from '@chaosproxy/recorder'
import { createLiveJudge, type Judged, type LiveJudge, NOTHING_RECORDED, violationText } from '@chaosproxy/runner'
import type { Workload } from '@chaosproxy/workloads'

interface JudgedRecord {
  /** Records the events that clients saw. */
  readonly sink: Parameters<typeof createRecorder>[0]['client']
  readonly judging: Pick<LiveJudge, 'judged' | 'settle' | 'onViolation'>
  readonly violated: Promise<void>
}

const OTHERWISE =
  'a proxy was added during the recording, with other recording rules or another initial value. Start all proxies together, with --config'

/**
 * @param recorder returns the recorder. It is first called at the first event, when the recorder's initial values are
 * known.
 */
export function judgeRecord(file: RecordFile, model: string | undefined, recorder: () => Recorder): JudgedRecord {
  const places = createPlaces()
  const listeners: Parameters<LiveJudge['onViolation']>[0][] = []
  let judge: LiveJudge | undefined
  /** Whether the initial values are the same as when the judge was created. */
  let isAsBefore = (): boolean => true
  /** Creates the judge at the first event, when initial values are known. */
  function createJudge(): LiveJudge {
    const made = recorder()
    const { initial, mapping } = made
    isAsBefore = () =>
      made.mapping === mapping && (made.initial === initial || canonical(made.initial) === canonical(initial))
    const history = {
      model: (model ?? 'register') as Workload['model'],
      initial,
      mapping,
      now: () => millis(performance.now()),
    }
    const created = createLiveJudge(history, places.of)
    // Keeps the part of the file that contains the violation, as evidence.
    created.onViolation(() => file.pin())
    for (const listener of listeners) created.onViolation(listener)
    return created
  }
  const onViolation: LiveJudge['onViolation'] = (listener) => void listeners.push(listener)
  return {
    sink: {
      write(line, event) {
        file.write(line, event)
        places.wrote(file.place())
        judge ??= createJudge()
        if (!isAsBefore()) judge.stop(OTHERWISE)
        judge.push(event as EventInput)
      },
    },
    judging: {
      judged: () => judge?.judged() ?? NOTHING_RECORDED,
      settle: () => judge?.settle(),
      onViolation,
    },
    violated: new Promise((resolve) => onViolation(() => resolve())),
  }
}

interface Places {
  wrote(place: LinePlace | undefined): void
  of(position: number): LinePlace | undefined
}

function createPlaces(): Places {
  /** The first line of each run of consecutive lines in one file. */
  const firsts: { readonly position: number; readonly place: LinePlace | undefined }[] = []
  let written = 0
  const of = (position: number): LinePlace | undefined => {
    const first = firsts.findLast((each) => each.position <= position)
    if (first?.place === undefined) return undefined
    return { path: first.place.path, line: first.place.line + position - first.position }
  }
  return {
    of,
    wrote(place) {
      const position = written++
      const follows = position > 0 ? of(position) : undefined
      if (position === 0 || follows?.path !== place?.path || follows?.line !== place?.line)
        firsts.push({ position, place })
    },
  }
}

/** Returns the verdict reached during recording, or the reason why the level is unknown. */
export function judgedLines({ level, soFar, doubt, violation }: Judged): readonly string[] {
  if (violation !== undefined)
    return [`  NOT ${violationText(violation).slice('not '.length).replace(level, level.toUpperCase())}`]
  return [
    doubt === undefined ? `  ${soFar}, as judged while it was recorded` : `  unknown whether it is ${level}: ${doubt}`,
  ]
}
