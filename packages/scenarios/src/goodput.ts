import { type Event, isClient, type Millis, millis } from '@chaosproxy/history'
import type { Goodput } from '@chaosproxy/report'
import type { Beat, ExpectedGoodput, Load, Tale, World } from './story.ts'

const BUCKET_MS = 250

export function goodputOf(load: Load, beats: readonly Beat[], events: readonly Event[]): Goodput {
  const answered: number[] = new Array(Math.ceil(load.untilMs / BUCKET_MS)).fill(0)
  for (const atMs of answerTimes(events)) {
    const bucket = Math.floor(atMs / BUCKET_MS)
    if (bucket < answered.length) answered[bucket] = (answered[bucket] ?? 0) + 1
  }
  const perSecond = (count: number): number => (count * 1_000) / BUCKET_MS
  return {
    bucketMs: millis(BUCKET_MS),
    askedPerSecond: load.perSecond,
    answeredPerSecond: answered.map(perSecond),
    troubles: beats.flatMap((beat) =>
      beat.type === 'mishap' ? [{ fromMs: beat.atMs, untilMs: beat.untilMs, kind: beat.fault.kind }] : [],
    ),
  }
}

function answerTimes(events: readonly Event[]): readonly number[] {
  const final = new Set<Event['process']>()
  const times: number[] = []
  for (const { process, type, time, final: isFinal } of events) {
    if (!isClient(process)) continue
    if (type === 'invoke') {
      if (isFinal === true) final.add(process)
      else final.delete(process)
    } else if (type === 'ok' && !final.has(process)) times.push(time / 1e6)
  }
  return times
}

export function goodputDifferences({ load, ending }: Tale, events: readonly Event[], world: World): string[] {
  if (load === undefined) return []
  const times = answerTimes(events)
  return (ending.goodput ?? []).flatMap((expected) => {
    const { fromMs, untilMs, most, leastOnProcesses } = expected
    const least = world === 'on real processes' ? (leastOnProcesses ?? expected.least) : expected.least
    const answered = times.filter((atMs) => atMs >= fromMs && atMs < untilMs).length
    const share = answered / ((load.perSecond * (untilMs - fromMs)) / 1_000)
    return share >= least && share <= most ? [] : [differenceText({ ...expected, least }, share)]
  })
}

const differenceText = ({ fromMs, untilMs, least, most }: ExpectedGoodput, share: number): string =>
  `between ${seconds(fromMs)} and ${seconds(untilMs)}, ${percent(share)} of the requests were answered, where the story expects ${
    least > 0 ? `at least ${percent(least)}` : `at most ${percent(most)}`
  }`

const seconds = (ms: Millis): string => `${ms / 1_000} s`
const percent = (share: number): string => `${Math.round(share * 100)}%`
